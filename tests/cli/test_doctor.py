"""`carnet doctor` finds what keeps an installation from working."""

from __future__ import annotations

import os
import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.last_seen import LastSeen
from carnet.assembly.settings import Settings
from carnet.assembly.state import open_state
from carnet.cli import main
from carnet.keyring.master_key import create
from carnet.store.head import Standing
from carnet.store.store import Store
from tests.clients.running import free_port, running_server
from tests.mail.post_office import post_office


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        pass
    return directory


def run(data: Path, *arguments: str, code: int = 0, port: int | None = None, **environment: str) -> str:
    at = ("--port", str(port or free_port()))
    done = CliRunner().invoke(main, ["doctor", "--data-dir", str(data), *at, *arguments], env=environment)
    assert done.exit_code == code, done.output
    return done.output


def test_nothing_is_wrong(data: Path) -> None:
    told = run(data)
    assert "wrong  " not in told
    for about in ("versions", "variables", "port", "clock", "disk", "permissions", "keys", "database"):
        assert f"ok     {about}: " in told


def test_a_running_server_has_the_port(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        port = int(server.endpoint.rpartition(":")[2])
        assert f"a Carnet server answers at 127.0.0.1:{port}" in run(server.data_dir, port=port)


def test_another_program_has_the_port(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = run(data, code=1, port=taken.getsockname()[1])
    assert "Address already in use" in told
    assert "End what listens there" in told


def test_misspelled_variables(data: Path) -> None:
    told = run(data, code=1, CARNET_DATADIR="x", CARNET_ZZZ="x")
    assert "wrong  variables: CARNET_DATADIR is no setting; did you mean CARNET_DATA_DIR?\n" in told
    assert "wrong  variables: CARNET_ZZZ is no setting\n" in told


def test_what_others_can_reach(data: Path) -> None:
    data.chmod(0o755)
    told = run(data, code=1)
    assert f"wrong  permissions: {data} has mode 0755" in told
    assert f"chmod go= {data}" in told


def test_a_master_key_that_others_can_read_is_closed_not_replaced(data: Path) -> None:
    (data / "master.key").chmod(0o644)
    told = run(data, code=1)
    assert told.count(f"chmod go= {data / 'master.key'}") == 2
    assert "Put the master key of this installation in its place" not in told


@pytest.mark.parametrize(
    ("shut", "verb"), [(".", "written"), ("audit", "written"), ("carnet.db", "written"), ("master.key", "read")]
)
def test_what_this_user_may_not_use(data: Path, shut: str, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of these tests may be root, whom a mode does not stop."""
    (data / "audit").mkdir(mode=0o700, exist_ok=True)
    path, may = data / shut, os.access
    monkeypatch.setattr("os.access", lambda each, mode: each != path and may(each, mode))
    told = run(data, code=1)
    assert f"wrong  permissions: {path} cannot be {verb} by you (user id {os.geteuid()})" in told
    assert f"be the user {path.owner()}, who owns it" in told


def test_where_no_installation_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    told = run(tmp_path / "new" / "data", code=1)
    assert f"wrong  permissions: {tmp_path} cannot be written by you" in told


def test_a_full_disk(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(data)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=499 * 1024 * 1024))
    assert "wrong  disk: 499 MB are free" in run(data, code=1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=500 * 1024 * 1024))
    assert "ok     disk: 500 MB are free" in run(data)


def test_another_master_key(data: Path) -> None:
    (data / "master.key").unlink()
    assert "wrong  keys: " in run(data, code=1)
    create(data / "master.key")
    assert "does not open data key" in run(data, code=1)


def test_no_installation_and_no_database(tmp_path: Path) -> None:
    assert "carnet serve makes one; --data-dir or --database-url names another." in run(tmp_path / "nowhere", code=1)
    assert not (tmp_path / "nowhere").exists()
    told = run(tmp_path, "--database-url", "postgresql://127.0.0.1:1/none", code=1)
    assert "wrong  database: postgresql://127.0.0.1:1/none: The store cannot be reached." in told


def test_a_damaged_store(data: Path) -> None:
    (data / "carnet.db").write_bytes(b"This is no database." * 1000)
    told = run(data, code=1)
    assert "wrong  database: " in told
    assert "Move it away, and restore a backup: carnet restore FILE." in told


@pytest.mark.parametrize(("seconds", "mark"), [(50, "ok   "), (70, "wrong")])
def test_a_clock_that_differs(data: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, mark: str) -> None:
    monkeypatch.setattr(Store, "clock", lambda _: datetime.now(UTC) - timedelta(seconds=seconds))
    assert f"{mark}  clock: " in run(data, code=int(mark == "wrong"))


@pytest.mark.parametrize(("seconds", "wrong"), [(50, False), (600, True)])
def test_a_clock_that_went_back(data: Path, seconds: int, wrong: bool) -> None:
    """Servers go on from the latest moment that was seen here, so what they say of time is no more the clock's."""
    with open_state(Settings(data_dir=data)) as state:
        there = state.store.standing()
    LastSeen(data / "last-seen.json").accept(
        Standing(there.installation, there.revision, datetime.now(UTC) + timedelta(seconds=seconds))
    )
    told = run(data, code=int(wrong))
    assert ("s behind what was seen here" in told) == wrong
    assert ("Set the clock." in told) == wrong


def test_a_mail_server_is_asked_if_one_is_named(data: Path) -> None:
    assert " mail: " not in run(data)
    with post_office() as office:
        at = ("--smtp-url", office.url, "--mail-from", "carnet@example.com")
        assert f"ok     mail: 127.0.0.1:{office.port} answers" in run(data, *at)
        assert (office.mails, office.envelopes) == ([], [])
    assert f"wrong  mail: The mail server 127.0.0.1:{office.port} cannot be reached" in run(data, *at, code=1)
    assert "wrong  mail: Mail: mail-from has to be" in run(data, *at[:2], code=1)
