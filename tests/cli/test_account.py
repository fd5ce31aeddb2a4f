"""`carnet account`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.access.credentials import secret_context
from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.keyring.master_key import create


def run(data: Path, *arguments: str, code: int = 0, **environment: str) -> str:
    done = CliRunner().invoke(main, [*arguments], env={"CARNET_DATA_DIR": str(data), **environment})
    assert done.exit_code == code, done.output
    return done.output


def test_an_account_is_made_with_a_root_key(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "account", "create", "--name", "prod", "--email", "a@b.c", "--output", "json"))
    assert set(made) == {"AccountId", "AccessKeyId", "SecretAccessKey"}
    with open_installation(Settings(data_dir=tmp_path)) as installation:
        view = installation.directory.snapshot.account(made["AccountId"])
        assert view is not None
        assert (view.account.name, view.account.email) == ("prod", "a@b.c")
        (key,) = view.keys_of(made["AccountId"])
        context = secret_context(key.id, key.account)
        assert installation.keyring.open(key.sealed_secret, context=context).decode() == made["SecretAccessKey"]


def test_a_count_makes_a_list_in_one_change(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "account", "create", "--count", "1000", "--email", "a@b.c", "--output", "json"))
    assert len({each["AccountId"] for each in made}) == 1000
    assert len({each["AccessKeyId"] for each in made}) == 1000
    with open_installation(Settings(data_dir=tmp_path)) as installation:
        snapshot = installation.directory.snapshot
        assert len(snapshot.accounts) == 1000
        assert snapshot.account(made[41]["AccountId"]).account.email == "a+42@b.c"  # type: ignore[union-attr]


def test_a_lost_root_key_is_replaced(tmp_path: Path) -> None:
    first = json.loads(run(tmp_path, "account", "create", "--output", "json"))
    second = json.loads(run(tmp_path, "account", "root-key", first["AccountId"], "--output", "json"))
    assert second["AccountId"] == first["AccountId"]
    with open_installation(Settings(data_dir=tmp_path)) as installation:
        find = installation.execution.credentials.find
        assert find(first["AccessKeyId"], None) is None
        found = find(second["AccessKeyId"], None)
        assert found is not None
        assert found.principal.arn == f"arn:aws:iam::{first['AccountId']}:root"


def test_the_root_key_of_no_account(tmp_path: Path) -> None:
    assert "There is no account 111122223333." in run(tmp_path, "account", "root-key", "111122223333", code=1)


def test_accounts_are_listed(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "account", "create", "--name", "prod", "--output", "json"))
    assert f"{made['AccountId']}  prod" in run(tmp_path, "account", "list")


def test_a_partition_shows_in_arns(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "account", "create", "--output", "json", CARNET_PARTITION="aws-cn"))
    with open_installation(Settings(data_dir=tmp_path)) as installation:
        found = installation.execution.credentials.find(made["AccessKeyId"], None)
    assert found is not None
    assert found.principal.arn == f"arn:aws-cn:iam::{made['AccountId']}:root"


def test_a_misspelled_variable_is_an_error(tmp_path: Path) -> None:
    told = run(tmp_path, "account", "list", code=2, CARNET_DATADIR="x")
    assert "CARNET_DATADIR is no setting of Carnet" in told


def test_another_master_key_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "account", "create")
    other = tmp_path / "other.key"
    assert f"{other} is not there" in run(tmp_path, "account", "list", code=1, CARNET_MASTER_KEY_FILE=str(other))
    assert not other.exists()
    create(other)
    told = run(tmp_path, "account", "list", code=1, CARNET_MASTER_KEY_FILE=str(other))
    assert "The master key does not open data key" in told


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    assert "database" in run(tmp_path, "account", "list", code=1, CARNET_DATABASE_URL=url)


def test_no_secret_is_in_the_files(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "account", "create", "--count", "20", "--output", "json"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "carnet.db" for path in files)
    held = b"".join(path.read_bytes() for path in files)
    assert all(each["AccessKeyId"].encode() in held for each in made)
    assert not any(each["SecretAccessKey"].encode() in held for each in made)
