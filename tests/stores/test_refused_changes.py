"""A store that can be read and takes no changes is known as one until it takes them again, whoever tries."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from carnet.base.faults import Unavailable
from carnet.store.databases.backend import Backend
from carnet.store.faults import Full, Held, OutcomeUnknown, TakesNoChanges, Unreachable
from carnet.store.store import Store
from tests.stores.entities import a_user, an_account
from tests.stores.postgresql import PostgresqlServer, running_server

Refusing = tuple[Store, type[Unavailable], Callable[[], None]]
"""A store that takes no changes, what it raises then, and what lets it take them again."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    for server in running_server():
        server.execute("CREATE ROLE nobody")
        server.execute("GRANT pg_read_all_data TO nobody")
        yield server


def _pragma(store: Store, text: str) -> None:
    """Outside of a transaction."""
    pooled = store._backend.writer.raw_connection()
    pooled.cursor().execute(f"PRAGMA {text}")
    pooled.close()


@contextmanager
def _read_only_file(path: Path) -> Iterator[Refusing]:
    with closing(Store.open(f"sqlite:///{path}")) as store:
        an_account(store)
        _pragma(store, "query_only=ON")
        yield store, TakesNoChanges, lambda: _pragma(store, "query_only=OFF")


@contextmanager
def _full_disk(path: Path) -> Iterator[Refusing]:
    with closing(Store.open(f"sqlite:///{path}")) as store:
        an_account(store)
        _pragma(store, "max_page_count=1")
        yield store, Full, lambda: _pragma(store, "max_page_count=1000000")


@contextmanager
def _altered(server: PostgresqlServer, kind: type[Unavailable], begin: str, end: str) -> Iterator[Refusing]:
    """A database of PostgreSQL between two statements, after each of which its sessions begin anew."""
    url = server.new_database(patient=False)
    name = make_url(url).database

    def alter(statement: str) -> None:
        server.execute(statement.format(name=name))
        server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    with closing(Store.open(url)) as store:
        an_account(store)
        alter(begin)
        yield store, kind, lambda: alter(end)


_SET, _RESET = "ALTER DATABASE {name} SET ", "ALTER DATABASE {name} RESET "


@pytest.fixture(params=["file", "full", "read only", "no grant"])
def refusing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Refusing]:
    path = tmp_path / "carnet.db"
    if request.param == "file":
        with _read_only_file(path) as refusing:
            yield refusing
    elif request.param == "full":
        with _full_disk(path) as refusing:
            yield refusing
    else:
        server: PostgresqlServer = request.getfixturevalue("server")
        setting = {"read only": "default_transaction_read_only = on", "no grant": "role = nobody"}[request.param]
        kind = TakesNoChanges if request.param == "read only" else Unreachable
        with _altered(server, kind, _SET + setting, _RESET + setting.partition(" ")[0]) as refusing:
            yield refusing


def _refuses(store: Store) -> bool:
    return store.refuses_changes


def _write(store: Store, number: int) -> None:
    """One that does not fit into the pages that are there."""
    with store.write() as unit:
        unit.add(replace(a_user(number), tags={"t": "x" * 100_000}))


def test_it_is_known_until_changes_are_taken_again(refusing: Refusing) -> None:
    store, kind, take_again = refusing
    assert not _refuses(store)
    with pytest.raises(kind):
        _write(store, 1)
    assert _refuses(store)
    assert len(store.load().changes) == 1
    with pytest.raises(kind):
        store.try_change()
    assert _refuses(store)
    take_again()
    before = store.revision()
    store.try_change()
    assert not _refuses(store)
    assert store.revision() == before
    _write(store, 1)
    assert store.verify_changes() == (2, None)


def test_a_change_that_is_made_tells_it_too(refusing: Refusing) -> None:
    store, kind, take_again = refusing
    with pytest.raises(kind):
        store.leases.take("x" * 100_000, "me")
    assert _refuses(store)
    take_again()
    _write(store, 1)
    assert not _refuses(store)


@pytest.mark.parametrize(
    ("problem", "code", "refuses"),
    [
        (Unreachable(), None, False),
        (Held(), sqlite3.SQLITE_BUSY, False),
        (Unavailable("The audit log cannot be written."), None, False),
        (OutcomeUnknown(), sqlite3.SQLITE_IOERR_READ, False),
        (OutcomeUnknown(), sqlite3.SQLITE_IOERR_FSYNC, True),
        (Unreachable(), sqlite3.SQLITE_IOERR_WRITE, True),
    ],
)
def test_what_counts_as_a_refusal(tmp_path: Path, problem: Unavailable, code: int | None, refuses: bool) -> None:
    """A file system that became read-only under SQLite is one; what could not be asked, or is held, is none."""
    driver = sqlite3.OperationalError("disk I/O error")
    driver.sqlite_errorcode = code or 0
    with closing(Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")) as store:
        with pytest.raises(type(problem)):
            _fail(store._backend, problem, OperationalError("", {}, driver) if code else None)
        assert _refuses(store) is refuses


def _fail(backend: Backend, problem: Unavailable, cause: Exception | None) -> None:
    with backend.changing():
        raise problem from cause


def test_a_database_that_is_down_refuses_nothing(server: PostgresqlServer) -> None:
    """It is not known what it does with a change."""
    with closing(Store.open(server.new_database(patient=False))) as store:
        an_account(store)
        server.stop()
        try:
            with pytest.raises(Unavailable):
                _write(store, 1)
        finally:
            server.start()
        assert not _refuses(store)
