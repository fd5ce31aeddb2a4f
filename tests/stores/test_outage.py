"""While the database is down, reading goes on and writing says so; afterwards all is as if nothing had been."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.directory.follower import Follower
from carnet.directory.last_used import LastUsed
from carnet.entities.user import User
from carnet.jobs.periodic import Periodic
from carnet.store import sqlite
from carnet.store.store import Store
from tests.stores.entities import ACCOUNT_ID, NOW, a_user, an_account
from tests.stores.postgresql import PostgresqlServer, running_server

WAIT_SECONDS = 30


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresqlServer]:
    """A server that only these tests stop."""
    yield from running_server()


def _write_user(store: Store, number: int) -> None:
    with store.write() as unit:
        unit.add(a_user(number))


def _quickly_unavailable(do: Callable[[], object]) -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable):
        do()
    assert time.monotonic() - start < 3


def test_postgresql_stopped_and_started(own_server: PostgresqlServer) -> None:
    url = own_server.new_database()
    store = Store.open(url)
    an_account(store)
    _write_user(store, 1)
    directory = Directory(store)
    follower = Follower(directory, store)
    job = Periodic("follower", follower.look, seconds=store.poll_seconds)
    job.start()
    last_used = LastUsed(store)
    last_used.note_key("AKIA1", NOW, "iam", "us-east-1")
    own_server.stop()
    try:
        for do in (lambda: _write_user(store, 2), store.load, store.poll, last_used.flush, lambda: Store.open(url)):
            _quickly_unavailable(do)
        _wait_for(lambda: not follower.reachable)
        assert len(directory.snapshot.accounts[ACCOUNT_ID].of(User)) == 1
        assert last_used.key("AKIA1") is not None
    finally:
        own_server.start()
    _write_user(store, 3)
    other = Store.open(url)
    _write_user(other, 4)
    _wait_for(lambda: len(directory.snapshot.accounts[ACCOUNT_ID].of(User)) == 3 and follower.reachable)
    last_used.flush()
    assert set(other.last_used(NOW)[0]) == {"AKIA1"}
    job.stop()
    store.close()
    other.close()


def test_postgresql_stopped_within_a_write(own_server: PostgresqlServer) -> None:
    store = Store.open(own_server.new_database())
    an_account(store)
    before = store.revision()

    def interrupted() -> None:
        with store.write() as unit:
            unit.add(a_user(1))
            own_server.stop()

    try:
        _quickly_unavailable(interrupted)
    finally:
        own_server.start()
    assert store.revision() == before
    _write_user(store, 1)
    assert store.revision().seq == before.seq + 1
    store.close()


def test_a_writer_who_holds_the_head_too_long(own_server: PostgresqlServer) -> None:
    url = own_server.new_database()
    store, other = Store.open(url), Store.open(url)
    an_account(store)
    with store.write() as unit:
        _quickly_unavailable(lambda: _write_user(other, 1))
        unit.add(a_user(2))
    _write_user(other, 3)
    assert other.revision().seq == 3
    store.close()
    other.close()


@pytest.fixture
def sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 200)
    return tmp_path / "carnet.db"


def test_sqlite_locked_by_another_process(sqlite_file: Path) -> None:
    store = Store.open(f"sqlite:///{sqlite_file}")
    an_account(store)
    blocker = sqlite3.connect(sqlite_file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    _quickly_unavailable(lambda: _write_user(store, 1))
    assert len(store.load().changes) == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    _write_user(store, 1)
    assert store.revision().seq == 2
    store.close()


def test_sqlite_writers_of_one_process_wait_for_each_other_only_so_long(sqlite_file: Path) -> None:
    store = Store.open(f"sqlite:///{sqlite_file}")
    an_account(store)
    with store.write() as unit:
        _quickly_unavailable(lambda: _write_user(store, 1))
        unit.add(a_user(2))
    assert store.revision().seq == 2
    store.close()


def test_a_place_where_no_file_can_be_made(tmp_path: Path) -> None:
    _quickly_unavailable(lambda: Store.open(f"sqlite:///{tmp_path / 'missing' / 'carnet.db'}"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "carnet.db"
    path.write_bytes(b"not a database" * 100)
    _quickly_unavailable(lambda: Store.open(f"sqlite:///{path}"))


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
