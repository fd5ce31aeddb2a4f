"""`carnet apply`, alone and beside a server, and the seed of `carnet serve --dev`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from tests.cli.developing import client, developing
from tests.clients.running import running_server

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}]}
SEED = {
    "Accounts": [
        {
            "AccountId": "111122223333",
            "UserDetailList": [
                {
                    "UserName": "alice",
                    "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": ALLOW}],
                    "AccessKeys": [{"AccessKeyId": KEY, "SecretAccessKey": SECRET}],
                }
            ],
        }
    ]
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory of an installation without accounts."""
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    file = tmp_path / "seed.yaml"
    file.write_text(yaml.safe_dump(SEED))
    return file


def run(data: Path, *arguments: str, code: int = 0, given: str | None = None) -> str:
    done = CliRunner().invoke(main, ["apply", *arguments, "--data-dir", str(data)], input=given)
    assert done.exit_code == code, done.output
    return done.output


def accounts(data: Path) -> list[str]:
    with open_installation(Settings(data_dir=data)) as installation:
        return sorted(installation.directory.snapshot.accounts)


def test_the_plan_is_shown_and_a_dry_run_changes_nothing(data: Path, seed: Path) -> None:
    told = run(data, str(seed), "--dry-run")
    assert told.splitlines()[:3] == [
        "create     account 111122223333  (CreateAccount)",
        "create     user 111122223333 alice  (CreateUser, PutUserPolicy, CreateAccessKey)",
        "2 to create, 0 to update, 0 unchanged, 0 that cannot be done",
    ]
    assert SECRET not in told
    assert accounts(data) == []


def test_it_is_applied_and_a_second_time_unchanged(data: Path, seed: Path) -> None:
    assert run(data, str(seed)).endswith("Done: 2 created, 0 updated, 0 unchanged.\n")
    again = run(data, str(seed))
    assert again.splitlines()[0] == "0 to create, 0 to update, 2 unchanged, 0 that cannot be done"


KILLED_BETWEEN_CHUNKS = """
import os, signal
from carnet.cli import main
from carnet.provisioning import application
application._CHUNK_STEPS, application._CHUNK_SECONDS = 2, 60
application.sleep = lambda seconds: os.kill(os.getpid(), signal.SIGKILL)
main()
"""


def test_what_was_killed_goes_on_where_it_ended(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    names = [f"user-{number}" for number in range(5)]
    file.write_text(
        yaml.safe_dump({"AccountId": "111122223333", "UserDetailList": [{"UserName": one} for one in names]})
    )
    command = [sys.executable, "-c", KILLED_BETWEEN_CHUNKS, "apply", str(file), "--data-dir", str(data)]
    killed = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    told = run(data, str(file))
    assert "4 to create, 0 to update, 2 unchanged, 0 that cannot be done" in told
    assert told.endswith("Done: 4 created, 0 updated, 2 unchanged.\n")


def test_json_comes_in_and_goes_out(data: Path) -> None:
    told = json.loads(run(data, "-", "--dry-run", "--output", "json", given=json.dumps(SEED)))
    assert [item["Verdict"] for item in told["Items"]] == ["create", "create"]
    assert told["Items"][1]["Operations"] == {"CreateUser": 1, "PutUserPolicy": 1, "CreateAccessKey": 1}
    assert told["Items"][1]["Path"] == ".Accounts[0].UserDetailList[0]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Accounts:\n  - AccountId: '1'\n", ":2:16: .Accounts[0].AccountId must be the 12 digits"),
        ("Accounts:\n  - AccountId: 111122223333\n    Nmae: x\n", ":3:5: .Accounts[0] has the unknown member 'Nmae'"),
        ("Accounts: [\n", ":2:1: "),
        ("Accounts: []\nAccounts: []\n", ":2:1: 'Accounts' stands twice"),
        ("UserDetailList: []\n", ":1:1: .AccountId is missing"),
        ("", ": the file is empty"),
        ("Nothing: 1\n", ":1:1: has the unknown member 'Nothing'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(data: Path, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    assert f"Error: {file}{told}" in run(data, str(file), code=2)


def test_a_file_that_is_not_there(data: Path) -> None:
    assert "nowhere.yaml: No such file or directory" in run(data, "nowhere.yaml", code=2)


def test_nothing_is_done_if_something_cannot_be(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "half.yaml"
    file.write_text("Accounts:\n- AccountId: 111122223333\n  UserDetailList:\n  - UserName: ok\n  - UserName: a b\n")
    told = run(data, str(file), code=1)
    assert "Error: nothing is changed, since this cannot be done:\n" in told
    where = f"{file}:5:5: .Accounts[0].UserDetailList[1]: user 111122223333 a b"
    assert f"{where}: The specified value for userName is invalid." in told
    assert accounts(data) == []


def test_merges_of_merges_stay_small(data: Path, tmp_path: Path) -> None:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60)]
    file = tmp_path / "laughs.yaml"
    file.write_text("\n".join(lines))
    assert "aliases stand for more than 100,000 values" in run(data, str(file), code=2)


def test_at_once_is_refused_for_too_much(data: Path, tmp_path: Path) -> None:
    def users(most: int) -> str:
        return json.dumps({"AccountId": "111122223333", "UserDetailList": [{"UserName": f"u{n}"} for n in range(most)]})

    file = tmp_path / "many.json"
    file.write_text(users(500))
    assert "Error: The plan has 501 steps, and at most 500 are made at once" in run(data, str(file), "--atomic", code=1)
    assert accounts(data) == []
    file.write_text(users(499))
    assert "Done: 500 created" in run(data, str(file), "--atomic")


def test_what_is_applied_beside_a_server_is_seen_by_it(tmp_path: Path, seed: Path) -> None:
    with running_server(tmp_path / "served") as server:
        server.carnet("apply", str(seed))
        alice = client("iam", server.endpoint, KEY, SECRET)
        assert [user["UserName"] for user in alice.list_users()["Users"]] == ["alice"]


def test_what_a_server_exports_is_a_file(data: Path, tmp_path: Path, seed: Path) -> None:
    with developing(tmp_path, "--seed", str(seed)) as endpoint:
        alice = client("iam", endpoint, KEY, SECRET)
        assert [user["UserName"] for user in alice.list_users()["Users"]] == ["alice"]
        root = client("iam", endpoint)
        root.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(_trust()), Description="d")
        root.create_instance_profile(InstanceProfileName="i")
        root.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
        exported: Any = root.get_account_authorization_details()
    file = tmp_path / "exported.json"
    file.write_text(json.dumps(exported, default=str))
    told = run(data, str(file))
    assert "(CreateRole, CreateInstanceProfile, AddRoleToInstanceProfile)" in told
    assert accounts(data) == ["000000000000"]
    assert "0 to create, 0 to update, 2 unchanged" in run(data, str(file))


def _trust() -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_seed_that_cannot_be_applied_ends_the_start(tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text("UserDetailList: [{UserName: a b}]\n")
    done = CliRunner().invoke(main, ["serve", "--dev", "--port", "0", "--seed", str(file)])
    assert done.exit_code == 1
    assert "The specified value for userName is invalid." in done.output
    assert "Carnet listens" not in done.output


def test_a_seed_goes_with_dev_only(seed: Path) -> None:
    done = CliRunner().invoke(main, ["serve", "--seed", str(seed)])
    assert done.exit_code == 2
    assert "--seed goes with --dev only" in done.output


def test_an_account_keeps_its_partition(data: Path, tmp_path: Path) -> None:
    made = CliRunner().invoke(
        main, ["account", "create", "--id", "111122223333", "--partition", "aws-cn", "--data-dir", str(data)]
    )
    assert made.exit_code == 0, made.output
    file = tmp_path / "china.json"
    user = {"UserName": "a", "Arn": "arn:aws-cn:iam::111122223333:user/a"}
    attached = [{"PolicyArn": "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"}]
    file.write_text(json.dumps({"UserDetailList": [user | {"AttachedManagedPolicies": attached}]}))
    assert "(CreateUser, AttachUserPolicy)" in run(data, str(file))
    file.write_text(json.dumps({"UserDetailList": [user | {"Arn": "arn:aws:iam::111122223333:user/a"}]}))
    assert "it is arn:aws-cn:iam::111122223333:user/a" in run(data, str(file), code=2)


HOSTILE = "\x1b]0;title\x07\x1b[2J\u202e"


@pytest.mark.parametrize("name", [HOSTILE, f"a\ncreate     user {HOSTILE}"])
@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_a_file_gives_a_terminal_no_orders(data: Path, tmp_path: Path, name: str, options: list[str]) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps({"Accounts": [{"AccountId": "111122223333", "UserDetailList": [{"UserName": name}]}]}))
    told = run(data, str(file), *options, code=1)
    assert "cannot" in told
    assert r"\x1b]0;title\x07\x1b[2J\u202e" in told
    assert told.replace("\n", "").isprintable()
    assert not any(line.startswith("create     user") for line in told.splitlines())


def test_neither_does_a_note(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    role = {"RoleName": HOSTILE, "Path": "/aws-service-role/x.amazonaws.com/", "AssumeRolePolicyDocument": ALLOW}
    file.write_text(json.dumps({"Accounts": [{"AccountId": "111122223333", "RoleDetailList": [role]}]}))
    told = run(data, str(file), "--dry-run")
    assert r"note: role \x1b]0;title\x07\x1b[2J\u202e of account" in told
    assert told.replace("\n", "").isprintable()
