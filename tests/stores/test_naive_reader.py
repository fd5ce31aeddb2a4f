"""Why the head row: a reader of a plain sequence misses rows, in the very run in which ours misses none.

A sequence's numbers are given out before commit, so a later number can be seen first; who then reads on from there
never sees the earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import psycopg
import pytest

from carnet.store.store import Store
from tests.stores.entities import a_user, an_account
from tests.stores.postgresql import PostgresqlServer

ROUNDS = 5


class NaiveReader:
    """Polls `id > last`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._last = 0
        self.seen = 0

    def look(self) -> None:
        rows = self._connection.execute("SELECT id FROM naive WHERE id > %s ORDER BY id", (self._last,)).fetchall()
        self.seen += len(rows)
        self._last = max([self._last, *(row[0] for row in rows)])


class LogReader:
    """Asks for the changes since its last answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision = store.revision()
        self.seen = 0

    def look(self) -> None:
        told = self._store.changes_since(self._revision)
        assert told.base == self._revision, "the log has a gap"
        self.seen += len(told.changes)
        self._revision = told.revision


@pytest.fixture
def url(postgresql_server: PostgresqlServer) -> str:
    url = postgresql_server.new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE naive (id bigserial PRIMARY KEY)")
    return url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(Store.open(url)) as store:
        an_account(store)
        yield store


def test_a_reader_of_a_sequence_misses_what_a_reader_of_the_log_sees(url: str, store: Store) -> None:
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url) as slow:
        naive, log = NaiveReader(connection), LogReader(store)
        for number in range(ROUNDS):
            slow.execute("INSERT INTO naive DEFAULT VALUES")
            held, go = Event(), Event()
            holder = Thread(target=_write_slowly, args=(store, 2 * number, held, go))
            holder.start()
            held.wait()
            # Both slow writers have begun and not committed; now a quick one comes on each side.
            connection.execute("INSERT INTO naive DEFAULT VALUES")
            waiter = Thread(target=_write, args=(store, 2 * number + 1))
            waiter.start()
            naive.look()
            log.look()
            slow.commit()
            go.set()
            holder.join()
            waiter.join()
            naive.look()
            log.look()
    assert log.seen == 2 * ROUNDS
    assert naive.seen == ROUNDS, "the naive reader must miss the slow writer's rows, or this shows nothing"


def _write(store: Store, number: int) -> None:
    with store.write() as unit:
        unit.add(a_user(number))


def _write_slowly(store: Store, number: int, held: Event, go: Event) -> None:
    with store.write() as unit:
        unit.add(a_user(number))
        held.set()
        go.wait(timeout=1)
