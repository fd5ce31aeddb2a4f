"""SQLite: one file, no server.

https://www.sqlite.org/wal.html https://www.sqlite.org/pragma.html
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from sqlalchemy import URL, BigInteger, Connection, Engine, create_engine, event, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from carnet.base.faults import Unavailable
from carnet.store.databases.backend import Backend, outage
from carnet.store.databases.sqlite_damage import check_file, unusable
from carnet.store.databases.sqlite_overwritten import Look, MainFile
from carnet.store.faults import Lost, NotSetUp

BUSY_MILLISECONDS = 5000
_DOUBT_SECONDS = 2
"""How long a change waits until it can be told whether its file was overwritten."""
_LOOK_AGAIN_SECONDS = 0.005
_OWNER_ONLY = 0o600


class SqliteDialect(Backend):
    """What SQLite says of time and of conflicts, in a file or in memory."""

    upsert = staticmethod(sqlite.insert)
    now = literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)", BigInteger())

    def refused_as_taken(self, error: IntegrityError) -> bool:
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


class Sqlite(SqliteDialect):
    """A commit is on the disk before it is acknowledged (`synchronous=FULL`)."""

    poll_seconds = 0.025
    polls_at_once = True

    def __init__(self, url: URL, *, create: bool = True) -> None:
        if not url.database or url.database == ":memory:":
            raise ValueError("a SQLite store needs a file")
        self._path = Path(url.database)
        self._log_path = self._path.with_name(f"{self._path.name}-wal")
        if create:
            _create(self._path)
        elif not self._path.exists():
            raise NotSetUp(url.render_as_string())
        self._identity = _identity(self._path)
        url = URL.create("sqlite+pysqlite", database=str(self._path))
        # One writer connection: threads of this process wait for it in turn, instead of racing for the file's lock.
        self.writer = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=BUSY_MILLISECONDS / 1000)
        self.reader = create_engine(url)
        _prepare(self.writer, begin="BEGIN IMMEDIATE")
        _prepare(self.reader, begin="BEGIN")
        self._watch: sqlite3.Connection | None = None
        self._watch_lock = Lock()
        self._version: int | None = None
        self._main_file = MainFile(self._path)
        self._log: tuple[int, int] | None = None
        """Which file the write-ahead log is, as long as the store is watched: it stays there as long as it is open."""

    def lock_schema(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE did it."""

    def poll(self) -> Hashable:
        """`PRAGMA data_version`, on a connection that never is in a transaction (it would stand still there)."""
        look = self._look()
        with self._watch_lock:
            if look is Look.OURS:  # else nothing is read until it is told whose it is
                try:
                    self._version = self._watching_connection().execute("PRAGMA data_version").fetchone()[0]
                except sqlite3.Error as error:
                    self._forget_watch()
                    raise outage(error) from error
            return self._version

    def check_present(self) -> None:
        """A file that was removed or replaced stays open, and takes whatever is written; so does one that somebody
        has written into. Raises Unavailable while somebody is writing, and it cannot be told who.
        """
        deadline = monotonic() + _DOUBT_SECONDS
        while self._look() is Look.IN_DOUBT:
            if monotonic() > deadline:
                raise Unavailable("The store's file is being written.")
            sleep(_LOOK_AGAIN_SECONDS)

    def _look(self) -> Look:
        """Raises Lost."""
        try:
            status = os.stat(self._path)
        except OSError:
            raise Lost from None
        if (status.st_dev, status.st_ino) != self._identity:
            raise Lost
        with self._watch_lock:
            if self._log is not None and _identity(self._log_path) != self._log:
                raise Lost
            if self._main_file.written == status.st_ctime_ns:
                return Look.OURS
            try:
                look = self._main_file.look(status, self._watching_connection())
            except sqlite3.Error as error:
                self._forget_watch()
                raise outage(error) from error
        if look is Look.OVERWRITTEN:
            raise Lost
        return look

    def _watching_connection(self) -> sqlite3.Connection:
        if self._watch is None:
            self._watch = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._watch.execute("PRAGMA schema_version").fetchone()  # opens the log, too
            self._log = _identity(self._log_path)
        return self._watch

    def check_sound(self) -> None:
        check_file(self._path)

    def close(self) -> None:
        super().close()
        with self._watch_lock:
            self._forget_watch()

    def _forget_watch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = self._log = None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _create(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its companions (-wal, -shm) the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ONLY))
    except FileExistsError:
        # Not opened: closing any descriptor of a file drops every POSIX lock that SQLite holds on it in this process.
        return
    except OSError as error:
        raise Unavailable(f"The store's file cannot be made: {error.strerror}.") from error


def _prepare(engine: Engine, *, begin: str) -> None:
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", partial(begin_with, begin))


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3 would begin transactions by itself, late and deferred; the "begin" event does it instead.
    connection.isolation_level = None
    try:
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        _use_wal(connection)
    except sqlite3.Error as error:
        raise unusable(error) from error


def _use_wal(connection: sqlite3.Connection) -> None:
    """Write-ahead logging: readers never wait for a writer. The mode is a property of the file."""
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode=WAL").close()


def begin_with(statement: str, connection: Connection) -> None:
    """Begin a transaction; what the "begin" event calls."""
    connection.exec_driver_sql(statement)
