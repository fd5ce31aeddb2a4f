"""`carnet backup` and `carnet restore`, beside a server that runs."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.keyring.master_key import create
from tests.clients.running import RunningServer, running_server


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, [*arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True) as installation:
        first_account(installation)
    return directory


def test_a_server_goes_back_to_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    with running_server(tmp_path / "data") as server:
        iam = _iam(server)
        iam.create_user(UserName="before")
        assert "The master key is not in it" in server.carnet("backup", str(file))
        iam.create_user(UserName="after")
        assert "Restored" in server.carnet("restore", str(file), "--replace")
        deadline = time.monotonic() + 10
        while (names := [user["UserName"] for user in iam.list_users()["Users"]]) != ["before"]:
            assert time.monotonic() < deadline, names
            time.sleep(0.05)
        iam.create_user(UserName="later")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert server.environment["AWS_SECRET_ACCESS_KEY"].encode() not in file.read_bytes()


def _iam(server: RunningServer) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.environment["AWS_SECRET_ACCESS_KEY"],
    )


def test_an_installation_moves(data: Path, tmp_path: Path) -> None:
    file, there = tmp_path / "backup.gz", tmp_path / "there"
    run("backup", str(file), "--data-dir", str(data))
    told = run("restore", str(file), "--data-dir", str(there))
    assert f"Put the master key of that installation at {there}/master.key" in told
    assert stat.S_IMODE(there.stat().st_mode) == 0o700
    (data / "master.key").rename(there / "master.key")
    assert run("account", "list", "--data-dir", str(there)) != ""


def test_a_file_that_is_there_is_not_lost(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("precious")
    assert f"{file} is there already; --force" in run("backup", str(file), "--data-dir", str(data), code=1)
    assert file.read_text() == "precious"
    run("backup", str(file), "--force", "--data-dir", str(data))
    run("backup", str(tmp_path / "no" / "where"), "--data-dir", str(data), code=1)


def test_what_cannot_be_restored_says_why_and_what_to_do(data: Path, tmp_path: Path) -> None:
    file, here = tmp_path / "backup.gz", ("--data-dir", str(data))
    run("backup", str(file), *here)
    assert "There are 1 accounts already. --replace" in run("restore", str(file), *here, code=1)
    (data / "master.key").unlink()
    create(data / "master.key")
    assert "does not open data key" in run("restore", str(file), "--replace", *here, code=1)
    file.write_bytes(b"none")
    told = run("restore", str(file), "--replace", *here, code=1)
    assert f"{file}: The file is no backup of Carnet" in told
    assert "Nothing was changed." in told
