"""`carnet account`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.entities.membership import Membership
from carnet.entities.organization import Organization
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.organizational_unit import ROOT_NAME, OrganizationalUnit
from carnet.entities.role import Role
from carnet.entities.scope import account_scope
from carnet.identity.credentials import secret_context
from carnet.keyring.master_key import create
from carnet.store.databases import sqlite
from tests.stores.entities import ALICE, GROUP, KEY, POLICY, PROFILE, ROLE


def _organization(data: Path) -> str:
    """The id of an organization whose management account is a new one."""
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    organization = Organization(id="o-abcdefghij", management=account, created=datetime(2026, 1, 1, tzinfo=UTC))
    root = OrganizationalUnit(id="r-abcd", organization=organization.id, parent=None, name=ROOT_NAME)
    with open_installation(Settings(data_dir=data)) as installation, installation.store.write() as unit:
        unit.add(organization)
        unit.add(root)
    return organization.id


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory of an installation without accounts."""
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


def run(data: Path, *arguments: str, code: int = 0, **environment: str) -> str:
    done = CliRunner().invoke(main, [*arguments], env={"CARNET_DATA_DIR": str(data), **environment})
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize(
    "command", [("account", "create"), ("account", "list"), ("account", "root-key", "111122223333")], ids="-".join
)
def test_only_serve_makes_an_installation(tmp_path: Path, command: tuple[str, ...]) -> None:
    nowhere = tmp_path / "nowhere"
    assert run(nowhere, *command, code=1) == (
        f"Error: There is no installation at sqlite:///{nowhere}/carnet.db. "
        "--data-dir or --database-url names another; carnet serve makes one.\n"
    )
    assert not nowhere.exists()
    run(tmp_path, *command, code=1)
    assert list(tmp_path.iterdir()) == []


def test_a_denial_is_looked_for_where_there_is_an_installation(tmp_path: Path) -> None:
    told = run(tmp_path, "explain", "some-id", code=1)
    assert told.startswith(
        f"Error: No decision is recorded at {tmp_path}/audit/decisions.jsonl; --data-dir names another"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_another_program_made_is_no_installation(data: Path) -> None:
    other = data / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (x)")
    told = run(data, "account", "create", code=1, CARNET_DATABASE_URL=f"sqlite:///{other}")
    assert f"There is no installation at sqlite:///{other}." in told
    with closing(sqlite3.connect(other)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]


def test_accounts_are_made_as_members_of_an_organization(data: Path) -> None:
    organization = _organization(data)
    made = json.loads(
        run(data, "account", "create", "--count", "2", "--organization", organization, "--output", "json")
    )
    with open_installation(Settings(data_dir=data)) as installation:
        snapshot = installation.directory.snapshot
        for account in (one["AccountId"] for one in made):
            view = snapshot.organization_of(account)
            assert view is not None
            assert view.scope.id == organization
            roles = [role.name for role in snapshot.accounts[account].of(Role).sorted()]
            assert roles == ["AWSServiceRoleForOrganizations", "OrganizationAccountAccessRole"]
            assert snapshot.accounts[account].keys_of(account)


def test_a_member_is_deleted_and_a_management_account_is_not(data: Path) -> None:
    organization = _organization(data)
    with open_installation(Settings(data_dir=data)) as installation:
        management = installation.directory.snapshot.organizations[organization].organization.management
    with open_installation(Settings(data_dir=data)) as installation, installation.store.write() as unit:
        place = OrganizationAccount(
            id=management,
            organization=organization,
            parent="r-abcd",
            joined_method=JoinedMethod.INVITED,
            joined=datetime(2026, 1, 1, tzinfo=UTC),
        )
        unit.add(place)
        unit.add(Membership(account=management, organization=organization))
    member = json.loads(run(data, "account", "create", "--organization", organization, "--output", "json"))["AccountId"]
    run(data, "account", "delete", "--yes", member)
    told = run(data, "account", "delete", "--yes", management, code=1)
    assert f"The account {management} manages the organization {organization}, which has to go first." in told
    with open_installation(Settings(data_dir=data)) as installation:
        snapshot = installation.directory.snapshot
        assert set(snapshot.accounts) == {management}
        assert snapshot.organizations[organization].accounts_in("r-abcd") == (place,)


def test_a_closed_member_is_opened_again(data: Path) -> None:
    organization = _organization(data)
    member = json.loads(run(data, "account", "create", "--organization", organization, "--output", "json"))["AccountId"]
    assert f"The account {member} is not closed." in run(data, "account", "reopen", member, code=1)
    with open_installation(Settings(data_dir=data)) as installation, installation.store.write() as unit:
        closed = datetime(2026, 1, 1, tzinfo=UTC)
        unit.save(Membership(account=member, organization=organization, closed=closed))
    shown = json.loads(run(data, "account", "show", member, "--output", "json"))
    assert shown["Closed"] == "2026-01-01T00:00:00+00:00"
    assert run(data, "account", "reopen", member) == f"The account {member} is open again.\n"
    assert "Closed" not in json.loads(run(data, "account", "show", member, "--output", "json"))
    with open_installation(Settings(data_dir=data)) as installation:
        event = installation.store.audit_events()[-1][1]
        assert (event["eventName"], event["requestParameters"]) == ("ReopenAccount", {"accounts": [member]})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--organization", "o-nothere123"), "There is no organization o-nothere123."),
        (("--organization", "o-abcdefghij", "--partition", "aws-cn"), "is not of the partition aws-cn."),
    ],
)
def test_an_organization_that_accounts_cannot_join_is_named(data: Path, given: tuple[str, ...], told: str) -> None:
    _organization(data)
    before = run(data, "account", "list")
    assert told in run(data, "account", "create", *given, code=1)
    assert run(data, "account", "list") == before


def test_an_account_is_made_with_a_root_key(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--name", "prod", "--email", "a@b.io", "--output", "json"))
    assert set(made) == {"AccountId", "AccessKeyId", "SecretAccessKey"}
    with open_installation(Settings(data_dir=data)) as installation:
        view = installation.directory.snapshot.account(made["AccountId"])
        assert view is not None
        assert (view.account.name, view.account.email) == ("prod", "a@b.io")
        (key,) = view.keys_of(made["AccountId"])
        context = secret_context(key.id, key.account, key.owner)
        assert installation.keyring.open(key.sealed_secret, context=context).decode() == made["SecretAccessKey"]


@pytest.mark.parametrize(
    ("option", "rule"),
    [
        (("--name", ""), "Invalid value for --name: The name of an account has 1 to 50 printable ASCII characters."),
        (("--name", "n" * 49, "--count", "2"), "--name"),
        (("--email", "bad"), "Invalid value for --email: The email address of an account has 6 to 64 ASCII characters"),
        (("--email", ""), "--email"),
        (("--email", f"{'a' * 52}@example.com", "--count", "1"), "--email"),
    ],
)
def test_what_aws_takes_for_no_name_or_email_is_a_wrong_use(tmp_path: Path, option: tuple[str, ...], rule: str) -> None:
    told = " ".join(run(tmp_path / "nowhere", "account", "create", *option, code=2).split())
    assert rule in told


def test_a_count_makes_a_list_in_one_change(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--count", "1000", "--email", "a@b.io", "--output", "json"))
    assert len({each["AccountId"] for each in made}) == 1000
    assert len({each["AccessKeyId"] for each in made}) == 1000
    with open_installation(Settings(data_dir=data)) as installation:
        snapshot = installation.directory.snapshot
        assert len(snapshot.accounts) == 1000
        assert snapshot.account(made[41]["AccountId"]).account.email == "a+42@b.io"  # type: ignore[union-attr]


def test_a_lost_root_key_is_replaced(data: Path) -> None:
    first = json.loads(run(data, "account", "create", "--output", "json"))
    second = json.loads(run(data, "account", "root-key", first["AccountId"], "--output", "json"))
    assert second["AccountId"] == first["AccountId"]
    with open_installation(Settings(data_dir=data)) as installation:
        find = installation.execution.credentials.find
        assert find(first["AccessKeyId"], None) is None
        found = find(second["AccessKeyId"], None)
        assert found is not None
        assert found.principal.arn == f"arn:aws:iam::{first['AccountId']}:root"


def test_the_root_key_of_no_account(data: Path) -> None:
    assert "There is no account 111122223333." in run(data, "account", "root-key", "111122223333", code=1)


def test_accounts_are_listed(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--name", "prod", "--output", "json"))
    assert f"{made['AccountId']}  prod" in run(data, "account", "list")


def test_a_partition_shows_in_arns(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--output", "json", CARNET_PARTITION="aws-cn"))
    with open_installation(Settings(data_dir=data)) as installation:
        found = installation.execution.credentials.find(made["AccessKeyId"], None)
    assert found is not None
    assert found.principal.arn == f"arn:aws-cn:iam::{made['AccountId']}:root"


def test_only_serve_refuses_a_misspelled_variable(data: Path) -> None:
    assert "CARNET_DATADIR is no setting of Carnet" in run(data, "serve", code=2, CARNET_DATADIR="x")
    run(data, "account", "list", CARNET_DATADIR="x")


def test_an_unknown_partition_is_refused(data: Path) -> None:
    told = run(data, "account", "create", code=2, CARNET_PARTITION="aws-moon")
    assert "'aws-moon' is not one of 'aws', 'aws-cn', 'aws-us-gov'" in " ".join(told.split())
    assert run(data, "account", "list") == ""


def test_another_master_key_is_refused(data: Path) -> None:
    run(data, "account", "create")
    other = data / "other.key"
    told = run(data, "account", "list", code=1, CARNET_MASTER_KEY_FILE=str(other))
    assert f"{other} is not there. Put it there, or name it with --master-key-file." in told
    assert not other.exists()
    create(other)
    told = run(data, "account", "list", code=1, CARNET_MASTER_KEY_FILE=str(other))
    assert "The master key does not open data key" in told


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense"])
def test_another_database_is_refused(data: Path, url: str) -> None:
    assert "database" in run(data, "account", "list", code=1, CARNET_DATABASE_URL=url)


def test_no_secret_is_in_the_files(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--count", "20", "--output", "json"))
    files = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.name == "carnet.db" for path in files)
    held = b"".join(path.read_bytes() for path in files)
    assert all(each["AccessKeyId"].encode() in held for each in made)
    assert not any(each["SecretAccessKey"].encode() in held for each in made)


def test_an_account_of_a_given_id(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--id", "000123456789", "--output", "json"))
    assert made["AccountId"] == "000123456789"
    told = run(data, "account", "create", "--id", "000123456789", code=1)
    assert told == "Error: The account 000123456789 already exists.\n"
    assert run(data, "account", "list").count("\n") == 1


@pytest.mark.parametrize("account_id", ["12345678901", "1234567890123", "12345678901a", "", "\u0661" * 12])
def test_what_is_no_account_id_is_refused(data: Path, account_id: str) -> None:
    told = run(data, "account", "create", "--id", account_id, code=2)
    assert "The id of an account has 12 digits." in told


def test_one_id_is_of_one_account(data: Path) -> None:
    assert "does not go with --count" in run(data, "account", "create", "--id", "123456789012", "--count", "1", code=2)


def test_an_account_is_shown_with_what_is_in_it(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--name", "prod", "--output", "json"))
    shown = json.loads(run(data, "account", "show", made["AccountId"], "--output", "json"))
    assert (shown["Name"], shown["AccessKeys"], shown["Users"], shown["Policies"]) == ("prod", "1", "0", "0")
    named = {"MFADevices", "OpenIDConnectProviders", "PasswordsOfAPerson", "SettingsOfAnInstance", "AccountDetails"}
    assert named | {"ServiceSpecificCredentials", "SshPublicKeys", "ACLsOfAnObject"} <= shown.keys()
    lines = run(data, "account", "show", made["AccountId"]).splitlines()
    assert [line.split()[0] for line in lines[6:]] == ["AccessKeys"], "what it has nothing of is not shown"
    assert "There is no account 111122223333." in run(data, "account", "show", "111122223333", code=1)


def full_of_everything(account: str) -> list[Any]:
    return [replace(each, account=account) for each in (GROUP, ALICE, ROLE, POLICY, PROFILE, KEY)]


def test_an_account_is_deleted_with_all_that_is_in_it(data: Path) -> None:
    made, other = json.loads(run(data, "account", "create", "--count", "2", "--output", "json"))
    with open_installation(Settings(data_dir=data)) as installation, installation.store.write() as unit:
        for entity in full_of_everything(made["AccountId"]):
            unit.add(entity)
    told = run(data, "account", "delete", made["AccountId"], "--yes")
    assert told == f"Deleted account {made['AccountId']}: {len(full_of_everything(made['AccountId'])) + 2} rows.\n"
    with open_installation(Settings(data_dir=data)) as installation:
        assert set(installation.directory.snapshot.accounts) == {other["AccountId"]}
        assert installation.execution.credentials.find(made["AccessKeyId"], None) is None
        assert not any(installation.store.counts(account_scope(made["AccountId"])).values())
        assert installation.store.audit_events()[-1][1]["eventName"] == "DeleteAccount"
    assert "There is no account" in run(data, "account", "delete", made["AccountId"], "--yes", code=1)
    assert run(data, "account", "create", "--id", made["AccountId"]).startswith(made["AccountId"])


def test_a_deletion_asks_first(data: Path) -> None:
    made = json.loads(run(data, "account", "create", "--output", "json"))
    assert "Aborted!" in run(data, "account", "delete", made["AccountId"], code=1)
    assert made["AccountId"] in run(data, "account", "list")


def test_a_key_is_shown_in_every_form(data: Path) -> None:
    lines = run(data, "account", "create", "--output", "env").splitlines()
    assert [line.partition("=")[0] for line in lines][:2] == ["export AWS_ENDPOINT_URL", "export AWS_ACCESS_KEY_ID"]
    header, row = run(data, "account", "create", "--output", "table").splitlines()
    assert header.split() == ["AccountId", "AccessKeyId", "SecretAccessKey"]
    assert header.index("SecretAccessKey") == row.index(row.split()[2])


def test_a_store_out_of_reach_is_named_with_a_way_out_and_without_its_password(data: Path) -> None:
    told = run(data, "account", "list", code=1, CARNET_DATABASE_URL="postgresql://me:secret@127.0.0.1:1/db")
    assert "postgresql://me:***@127.0.0.1:1/db: The store cannot be reached." in told
    assert "carnet doctor" in told


def test_a_store_that_another_process_holds_is_named_and_said_to_be_held(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 20)
    with closing(sqlite3.connect(data / "carnet.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for command in (("account", "create"), ("keys", "rotate")):
            assert run(data, *command, code=1) == (
                f"Error: sqlite:///{data}/carnet.db: Another process holds the store, and has not let go of it for "
                "some seconds. Try again when it is done.\n"
            )
    assert run(data, "account", "list") == ""


def test_quotas_of_an_account_are_set_shown_and_taken_back(data: Path) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    asked = ("account", "quotas", account)
    assert run(data, *asked, "users=10", "roles=5") == "users=10\nroles=5\n"
    assert run(data, *asked, "users=") == "roles=5\n"
    assert run(data, *asked) == "roles=5\n"
    assert "'user' is no quota; did you mean 'users'?" in run(data, *asked, "user=1", code=2)
    assert "'hats' is no quota; the quotas are: users, " in run(data, *asked, "hats=1", code=2)
    assert "users needs a number" in run(data, *asked, "users=many", code=2)
    assert "There is no account 1." in run(data, "account", "quotas", "1", "users=1", code=1)


def test_an_exported_account_is_imported_under_another_id(tmp_path: Path) -> None:
    directory = tmp_path / "copies"
    with open_installation(Settings(data_dir=directory), create=True):
        pass
    source = tmp_path / "source.json"
    source.write_text(json.dumps({"AccountId": "111122223333", "UserDetailList": [{"UserName": "alice"}]}))
    where = ["--data-dir", str(directory)]
    done = CliRunner().invoke(main, ["account", "import", str(source), *where])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "Done: 2 created, 0 updated, 0 unchanged.")
    told = CliRunner().invoke(main, ["account", "export", "111122223333", *where]).stdout
    again = CliRunner().invoke(main, ["account", "import", "-", "--account", "444455556666", *where], input=told)
    assert again.exit_code == 0
    assert "create     user 444455556666 alice" in again.output


def test_import_says_what_could_not_be_taken(tmp_path: Path) -> None:
    directory, source = tmp_path / "copies", tmp_path / "source.json"
    with open_installation(Settings(data_dir=directory), create=True):
        pass
    users = [{"UserName": "alice", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": "{"}]}, {"UserName": "bob"}]
    source.write_text(json.dumps({"AccountId": "111122223333", "UserDetailList": users}))
    done = CliRunner().invoke(main, ["account", "import", str(source), "--data-dir", str(directory)])
    assert done.exit_code == 1, done.output
    assert "Done: 2 created, 0 updated, 0 unchanged." in done.output
    assert "this could not be taken:" in done.output
    assert "user 111122223333 alice" in done.output
