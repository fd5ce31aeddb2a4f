"""`carnet serve --dev`: what it refuses, what it leaves behind, and who gets in."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from carnet.cli import main
from carnet.testing.live.own_api import OwnApi, Refused
from tests.cli.developing import ACCOUNT, KEY, SECRET, client, developing
from tests.clients.running import stopping_server
from tests.starting.forked import CARNET, Carnet


def refused(*arguments: str, **environment: str) -> str:
    done = CliRunner().invoke(main, ["serve", *arguments], env=environment)
    assert done.exit_code == 2, done.output
    return " ".join(done.output.split())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
@pytest.mark.parametrize("how", [(), ("--insecure",)])
def test_it_serves_this_machine_only(host: str, how: tuple[str, ...]) -> None:
    assert "everybody knows its root key" in refused("--dev", "--host", host, *how)


@pytest.mark.parametrize(
    "given",
    [
        ("--data-dir", "data"),
        ("--database-url", "sqlite:////tmp/x.db"),
        ("--master-key-file", "key"),
        ("--tls", "self-signed"),
        ("--workers", "2"),
    ],
)
def test_what_it_would_not_use_is_refused(given: tuple[str, str]) -> None:
    assert f"{given[0]} does not go with --dev" in refused("--dev", *given)
    variable = "CARNET_" + given[0][2:].replace("-", "_").upper()
    assert f"{variable} does not go with --dev" in refused("--dev", **{variable: given[1]})


@pytest.mark.parametrize("flag", ["--dev-account-id", "--dev-access-key-id", "--dev-secret-access-key"])
def test_its_flags_go_with_nothing_else(flag: str) -> None:
    assert f"{flag} goes with --dev only" in refused(flag, "1")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--dev-account-id", "1234"),
        ("--dev-account-id", "1234567890123"),
        ("--dev-access-key-id", "test"),
        ("--dev-access-key-id", "ASIA" + "A" * 12),
        ("--dev-access-key-id", "AKIA" + "A" * 11),
        ("--dev-access-key-id", "AKIA" + "A" * 125),
        ("--dev-secret-access-key", "a" * 15),
        ("--dev-secret-access-key", "a" * 129),
        ("--dev-secret-access-key", "a" * 20 + "$(id)"),
    ],
)
def test_what_is_no_id_and_no_secret_is_refused(flag: str, value: str) -> None:
    assert f"Invalid value for {flag}" in refused("--dev", flag, value)


def test_the_root_key_is_always_the_same_and_nothing_is_left_on_the_disk(tmp_path: Path) -> None:
    for _ in range(2):
        with developing(tmp_path) as endpoint:
            assert client("sts", endpoint).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
            iam = client("iam", endpoint)
            iam.create_user(UserName="alice")  # which the second server does not know
            made = iam.create_access_key(UserName="alice")["AccessKey"]
            alice = client("iam", endpoint, made["AccessKeyId"], made["SecretAccessKey"])
            with pytest.raises(ClientError, match="AccessDenied"):
                alice.list_users()
            assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_account_and_root_key_can_be_chosen(tmp_path: Path) -> None:
    chosen = {
        "CARNET_DEV_ACCOUNT_ID": "123456789012",
        "CARNET_DEV_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "CARNET_DEV_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }
    with developing(tmp_path, **chosen) as endpoint:
        sts = client("sts", endpoint, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        assert sts.get_caller_identity()["Account"] == "123456789012"
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            client("sts", endpoint).get_caller_identity()


def test_an_operator_token_can_be_chosen(tmp_path: Path) -> None:
    token = "carnet_ot_" + "a1" * 32
    with developing(tmp_path, CARNET_DEV_OPERATOR_TOKEN=token) as endpoint:
        api = OwnApi(endpoint, token)
        made = api.call("POST", "accounts", {"name": "fresh", "email": "root@example.com"})
        listed = [account["id"] for account in api.call("GET", "accounts")["accounts"]]
        assert listed == sorted([ACCOUNT, made["account"]["id"]])
        with pytest.raises(Refused, match="InvalidToken"):
            OwnApi(endpoint, "carnet_ot_" + "b1" * 32).call("GET", "accounts")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("token", ["x", "carnet_ot_" + "a" * 63, "carnet_ot_" + "A" * 64])
def test_an_operator_token_has_the_form_of_one(token: str) -> None:
    told = refused("--dev", "--dev-operator-token", token)
    assert "An operator token is carnet_ot_ and 64 of the characters 0 to 9 and a to f." in told
    assert token not in told


def test_no_operator_token_is_known_unless_it_is_chosen(tmp_path: Path) -> None:
    with developing(tmp_path) as endpoint, pytest.raises(Refused, match="InvalidToken"):
        OwnApi(endpoint, "").call("GET", "accounts")


def test_it_says_what_it_is(tmp_path: Path) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = Carnet("serve", "--dev", "--port", "0", cwd=tmp_path, **pipes)
    with stopping_server(process) as endpoint:
        assert process.stdout is not None
        printed = process.stdout.readline()
        assert printed.startswith("DEVELOPMENT MODE: ")
        rest = "".join(process.stdout.readline() for _ in range(6))
    assert f"account {ACCOUNT} with its root user" in rest
    assert f"export AWS_ENDPOINT_URL={endpoint}\nexport AWS_ACCESS_KEY_ID={KEY}\n" in rest
    assert f"export AWS_SECRET_ACCESS_KEY={SECRET}\n" in rest


def test_a_start_takes_at_most_twice_the_cpu_of_what_it_imports(tmp_path: Path) -> None:
    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)  # so that both find what Python has compiled
    before = spent()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
    imported = spent() - before
    before = spent()
    command = [str(CARNET), "serve", "--dev", "--port", "0"]
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with stopping_server(process):
        pass
    started = spent() - before
    assert started < 2 * imported, (started, imported)


_IMPORTS = "import carnet.cli.serve, carnet.assembly.worker, uvicorn, uvloop"
