"""Databases that something happens to: SQLite files, PostgreSQL servers, and pairs of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from carnet.store.store import Store
from tests import scratch
from tests.stores.entities import an_account
from tests.stores.postgresql import PostgresqlServer

NewDatabase = Callable[[], str]
"""Gives the URL of a new database with one account."""


@contextmanager
def sqlite_files() -> Iterator[NewDatabase]:
    with tempfile.TemporaryDirectory(prefix="carnet-chaos-", dir=scratch.place()) as folder:
        yield lambda: with_account(f"sqlite:///{tempfile.mkdtemp(dir=folder)}/carnet.db")


@contextmanager
def postgresql() -> Iterator[tuple[PostgresqlServer, NewDatabase]]:
    """A server, and its databases; nobody is patient for them, as in earnest. Raises NoPostgresql."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server, lambda: with_account(server.new_database(patient=False))
    finally:
        server.remove()


@contextmanager
def pair(primary: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A standby that follows a server that runs."""
    standby = PostgresqlServer(copy_of=primary)
    try:
        standby.start()
        yield standby
    finally:
        standby.remove()


def fail_over(primary: PostgresqlServer, standby: PostgresqlServer, missed: Callable[[], object] | None = None) -> None:
    """The primary dies and the standby is promoted. It never hears of what is done by `missed`."""
    if missed is not None:
        standby.stop()
        missed()
    primary.stop()
    if missed is not None:
        standby.start()
    standby.promote()


def with_account(url: str) -> str:
    with closing(Store.open(url)) as store:
        an_account(store)
    return url
