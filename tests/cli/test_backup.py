"""`carnet backup` and `carnet restore`, beside a server that runs."""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
import stat
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from _pytest.monkeypatch import MonkeyPatch
from click.testing import CliRunner

from carnet.assembly import worker
from carnet.assembly.installation import Installation, first_account, open_installation
from carnet.assembly.last_seen import LastSeen
from carnet.assembly.settings import Settings
from carnet.audit.json_line import line_of
from carnet.audit.recorder import Recorder
from carnet.cli import main
from carnet.entities.user import User
from carnet.keyring.data_keys import Purpose
from carnet.keyring.master_key import create
from carnet.store.store import Store
from tests.clients.running import RunningServer, running_server
from tests.waiting import eventually

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _event(installation: Installation, user: str) -> dict[str, Any]:
    return {
        "eventTime": f"{installation.clock():%Y-%m-%dT%H:%M:%SZ}",
        "eventID": installation.ids.uuid(),
        "requestID": installation.ids.uuid(),
        "eventName": "CreateUser",
        "eventSource": "iam.amazonaws.com",
        "readOnly": False,
        "recipientAccountId": "111122223333",
        "userIdentity": {"arn": "arn:aws:iam::111122223333:user/admin"},
        "requestParameters": {"userName": user},
    }


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, [*arguments])
    assert done.exit_code == code, done.output
    return done.output


def _in_another_second() -> None:
    """What is lost is as a rule older than the command that is told of it; events tell of whole seconds."""
    time.sleep(1.001 - time.time() % 1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True) as installation:
        first_account(installation)
    return directory


def test_a_backup_that_the_disk_does_not_take_names_its_file(
    data: Path, tmp_path: Path, monkeypatch: MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    file = tmp_path / "there" / "backup.gz"
    file.parent.mkdir()
    told = run("backup", str(file), "--data-dir", str(data), code=1)
    assert told.endswith(f"Error: {file}: No space left on device\n")
    assert list(file.parent.iterdir()) == []


def test_a_full_disk_is_not_taken_for_a_store_at_another_place(data: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "_is_roomy", lambda self: False)
    told = run("account", "create", "--data-dir", str(data), code=1)
    assert told.endswith("is nearly full. No change is made before it has room again.\n")


def test_a_server_goes_back_to_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    with running_server(tmp_path / "data") as server:
        iam = _iam(server)
        iam.create_user(UserName="before")
        assert "The master key is not in it" in server.carnet("backup", str(file))
        iam.create_user(UserName="after")
        assert "Restored" in server.carnet("restore", str(file), "--replace")
        eventually(lambda: [user["UserName"] for user in iam.list_users()["Users"]] == ["before"])
        iam.create_user(UserName="later")
        restored = server.carnet("audit", "verify")
    assert "RestoreBackup" in _changes_in(tmp_path / "data"), restored
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


def _changes_in(data: Path) -> list[str]:
    """The names of the events of changes in the audit log, in order."""
    lines = (data / "audit" / "audit.jsonl").read_bytes().splitlines()
    return [event["eventName"] for line in lines if (event := json.loads(line)).get("readOnly") is False]


def test_a_restore_that_cannot_be_recorded_does_not_happen(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    run("backup", str(file), "--data-dir", str(data))
    before = _revision(data)
    (data / "audit").rename(tmp_path / "audit")
    (data / "audit").write_text("no directory")
    assert "audit log" in run("restore", str(file), "--replace", "--data-dir", str(data), code=1)
    assert _revision(data) == before
    (data / "audit").unlink()
    run("restore", str(file), "--replace", "--data-dir", str(data))
    assert _changes_in(data)[-1] == "RestoreBackup"
    assert _revision(data) != before


@pytest.mark.parametrize("at", ["master.key", "master.key.new"])
def test_a_backup_from_before_a_purpose_of_data_keys_restores(data: Path, tmp_path: Path, at: str) -> None:
    with closing(sqlite3.connect(data / "carnet.db")) as connection, connection:
        connection.execute("DELETE FROM data_keys WHERE purpose = 'mfa-seeds'")
    file, again = tmp_path / "backup.gz", tmp_path / "again"
    with closing(Store.open(f"sqlite:///{data}/carnet.db")) as store, file.open("wb") as packed:
        store.back_up(packed, release="0.0.1", made="2026-01-02T03:04:05Z", told=lambda _done, _of: None)
    again.mkdir(mode=0o700)
    (again / at).write_bytes((data / "master.key").read_bytes())
    (again / at).chmod(0o400)
    assert "by Carnet 0.0.1" in run("restore", str(file), "--data-dir", str(again))
    with open_installation(Settings(data_dir=again)) as installation:
        assert Purpose.MFA_SEEDS in installation.keyring.rings


def test_the_next_master_key_is_looked_at_too(data: Path, tmp_path: Path) -> None:
    file, again = tmp_path / "backup.gz", tmp_path / "again"
    run("backup", str(file), "--data-dir", str(data))
    again.mkdir(mode=0o700)
    create(again / "master.key.new")
    told = run("restore", str(file), "--data-dir", str(again), code=1)
    assert "The master key does not open data key" in told


def _revision(data: Path) -> tuple[object, ...]:
    with closing(sqlite3.connect(data / "carnet.db")) as connection:
        return tuple(connection.execute("SELECT seq, epoch FROM head").fetchone())


def test_an_installation_moves(data: Path, tmp_path: Path) -> None:
    file, there = tmp_path / "backup.gz", tmp_path / "there"
    run("backup", str(file), "--data-dir", str(data))
    told = run("restore", str(file), "--data-dir", str(there))
    assert f"Put the master key of that installation at {there}/master.key" in told
    assert stat.S_IMODE(there.stat().st_mode) == 0o700
    (data / "master.key").rename(there / "master.key")
    assert run("account", "list", "--data-dir", str(there)) != ""


def _changed(data: Path, *names: str) -> None:
    """Users are made, as by a server whose audit log is beside the store."""
    with open_installation(Settings(data_dir=data)) as installation:
        log = installation.audit_log.open()
        for name in names:
            event = _event(installation, name)
            with installation.store.write() as unit:
                (view,) = installation.directory.catch_up(unit.base).accounts.values()
                unit.add(User(id=installation.ids.unique("AIDA"), account=view.account.id, name=name, created=START))
                unit.audit(event)
            installation.directory.apply(unit.committed)
            log.write(line_of(event))
        log.close()
        LastSeen(installation.settings.last_seen).remember(installation.store.standing())


def _served(data: Path, code: int) -> str:
    """What carnet serve says before it serves."""
    with MonkeyPatch.context() as patched:
        patched.setattr("carnet.server.listening.listen.listen", lambda *_, **__: None)
        return run("serve", "--port", "0", "--data-dir", str(data), code=code)


def _copied(data: Path, copy: Path) -> None:
    with closing(sqlite3.connect(data / "carnet.db")) as live, closing(sqlite3.connect(copy)) as old:
        live.backup(old)


def test_a_copy_that_is_older_than_what_was_served_is_refused_until_it_is_accepted(data: Path, tmp_path: Path) -> None:
    _changed(data, "one")
    _served(data, 0)
    _copied(data, tmp_path / "copy.db")
    _changed(data, "two", "three")
    os.replace(tmp_path / "copy.db", data / "carnet.db")
    told = _served(data, 1)
    assert re.search(r"revisions (\d+) to (\d+) are missing", told)
    assert re.search(r"CreateUser userName=two by 111122223333:user/admin at 20\d\d", told)
    assert "userName=one" not in told
    assert told.index("userName=two") < told.index("userName=three")
    assert "carnet restore --as-found" in told
    _in_another_second()
    told = run("restore", "--as-found", "--data-dir", str(data))
    assert "CreateUser userName=three" in told
    assert _changes_in(data)[-1] == "AcceptStore"
    _served(data, 0)
    _changed(data, "four")
    _served(data, 0)


def test_a_worker_that_begins_later_refuses_it_too(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _copied(data, tmp_path / "copy.db")
    _changed(data, "one")
    os.replace(tmp_path / "copy.db", data / "carnet.db")
    monkeypatch.setenv("CARNET_DATA_DIR", str(data))
    with pytest.raises(SystemExit):
        worker.application()
    assert "is an earlier state of the store" in caplog.text
    assert "is an earlier state of the store" in run("doctor", "--data-dir", str(data), "--port", "0", code=1)


def test_a_copy_that_has_gone_another_way_is_refused(data: Path, tmp_path: Path) -> None:
    _copied(data, tmp_path / "copy.db")
    _changed(data, "one")
    memory = (data / "last-seen.json").read_bytes()
    os.replace(tmp_path / "copy.db", data / "carnet.db")
    _changed(data, "another", "and more")
    (data / "last-seen.json").write_bytes(memory)
    assert "its past is another" in _served(data, 1)


def test_what_a_restored_backup_lacks_is_listed(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    run("backup", str(file), "--data-dir", str(data))
    _changed(data, "two")
    _in_another_second()
    told = run("restore", str(file), "--replace", "--data-dir", str(data))
    assert "CreateUser userName=two by 111122223333:user/admin" in told
    _served(data, 0)
    _in_another_second()
    again = run("restore", str(file), "--replace", "--data-dir", str(data))
    assert "RestoreBackup" not in again, "nobody has to make the restore before again"


def test_the_store_of_another_installation_is_refused(data: Path, tmp_path: Path) -> None:
    _served(data, 0)
    with open_installation(Settings(data_dir=tmp_path / "other"), create=True):
        pass
    for name in ("carnet.db", "master.key"):
        os.replace(tmp_path / "other" / name, data / name)
    assert "is the store of another installation" in _served(data, 1)


@pytest.mark.parametrize("left", ["carnet.db", ""])
def test_a_store_that_is_gone_or_empty_is_no_reason_for_a_new_installation(data: Path, left: str) -> None:
    (data / "carnet.db").unlink()
    if left:
        (data / left).touch(0o600)
    told = _served(data, 1)
    assert "There is no installation at" in told
    assert f"{data}/master.key" in told
    assert "carnet restore" in told
    assert (data / "carnet.db").exists() == bool(left)
    (data / "carnet.db").unlink(missing_ok=True)
    (data / "master.key").unlink()
    _served(data, 0)


def test_a_master_key_that_was_put_elsewhere_before_is_no_installation_yet(tmp_path: Path) -> None:
    create(tmp_path / "key")
    with open_installation(Settings(data_dir=tmp_path / "d", master_key_file=tmp_path / "key"), create=True):
        pass


def test_a_first_start_that_was_killed_goes_on(tmp_path: Path) -> None:
    """Between the making of the master key and that of the data keys."""
    tmp_path.chmod(0o700)
    Store.open(Settings(data_dir=tmp_path).store_url).close()
    create(tmp_path / "master.key")
    _served(tmp_path, 0)


def test_a_damaged_store_is_named_in_one_line(data: Path) -> None:
    store = data / "carnet.db"
    store.write_bytes(store.read_bytes()[:8192])
    told = _served(data, 1)
    line = rf"Error: \S+{store}: The file of the store is damaged: .* Move it away, and .*: carnet restore FILE\.\n"
    assert re.fullmatch(line, told)


def test_restore_takes_a_file_or_the_store_as_it_is(data: Path, tmp_path: Path) -> None:
    assert "Give a FILE, or --as-found" in run("restore", "--data-dir", str(data), code=2)
    file = tmp_path / "file"
    file.touch()
    assert "Give a FILE, or --as-found" in run("restore", str(file), "--as-found", "--data-dir", str(data), code=2)


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
