"""SQLite without a file: a store that lives as long as this process, for development and tests.

https://www.sqlite.org/inmemorydb.html https://www.sqlite.org/sharedcache.html
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Hashable
from functools import partial
from threading import RLock

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from carnet.store.databases.sqlite import BUSY_MILLISECONDS, SqliteDialect, begin_with

_BUSY_SECONDS = BUSY_MILLISECONDS / 1000


class SqliteMemory(SqliteDialect):
    """Connections of this process that share one database in memory, which is gone with `close`.

    INVARIANT: one thread at a time holds a connection. Such a database has no write-ahead log: without the lock, a
    reader would be refused what a writer has touched. A thread that writes may read besides, as `Directory.catch_up`
    does, what it has not changed yet; it is refused the rest.
    """

    poll_seconds = 0.025
    polls_at_once = True

    def __init__(self) -> None:
        self._connect = partial(
            sqlite3.connect,
            f"file:carnet-{secrets.token_hex(8)}?mode=memory&cache=shared",
            uri=True,
            isolation_level=None,  # sqlite3 would begin transactions by itself; the "begin" event does it instead
            check_same_thread=False,
        )
        self._keeper = self._connect()
        """Keeps the database while nobody else is connected."""
        self._turn = RLock()
        self._holders: set[ConnectionPoolEntry] = set()
        """The connections of the thread whose turn it is."""
        self._commits = 0
        self.writer = self._engine("BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
        self.reader = self._engine("BEGIN")
        event.listen(self.writer, "commit", self._count)

    def lock_schema(self, connection: Connection) -> None:
        """Nobody else can reach this database."""

    def poll(self) -> Hashable:
        """How many commits there were: nobody outside of this process makes any."""
        return self._commits

    def close(self) -> None:
        super().close()
        self._keeper.close()

    def _engine(self, begin: str, **pool: int) -> Engine:
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_timeout=_BUSY_SECONDS,
            **pool,
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "checkout", self._take_turn)
        event.listen(engine, "checkin", self._end_turn)
        event.listen(engine, "begin", partial(begin_with, begin))
        return engine

    def _take_turn(self, _connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if not self._turn.acquire(timeout=_BUSY_SECONDS):
            raise PoolTimeout("another thread of this process holds the store")
        self._holders.add(record)

    def _end_turn(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if record in self._holders:  # a connection whose turn did not come is put back, too
            self._holders.remove(record)
            self._turn.release()

    def _count(self, _connection: Connection) -> None:
        # Before the commit, yet who reads because of it waits until the turn has ended, and the commit is made.
        self._commits += 1


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("foreign_keys=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()
