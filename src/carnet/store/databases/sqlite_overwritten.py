"""What tells that somebody else has written into the file of a SQLite store: a copy that was put over it in place, say.

SQLite notices nothing of it. What it has in memory and in the write-ahead log it goes on with, and mixes it with what
stands in the file now. But only checkpoints write the file itself, and each page that they write there is of a later
revision of the same store. So whenever the file was written, what stands in it alone, without the log, is held against
that.

INVARIANT: no checkpoint is ever taken for somebody else, neither one that is under way or was killed, nor one that left
pages out, as it does with those that were written again since the oldest reader began. So only what stands in one page
is looked at: one page may be older than another, and the file shorter than its first page says. After tables were made
anew (by a migration, a restore), the file says anything until a checkpoint was whole. And what is read of a page while
it is written says nothing: a look that fails counts only if looks go on failing while the file is written no more.

https://www.sqlite.org/wal.html https://www.sqlite.org/howtocorrupt.html
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from enum import Enum, auto
from pathlib import Path
from time import monotonic
from typing import NamedTuple

STILL_SECONDS = 0.1
"""Looks fail so long, and the file stands still meanwhile: many times what it takes to write a page."""
_HEAD = "SELECT seq, epoch, hash FROM head"
_LINK = "SELECT hash FROM changes WHERE seq = ? AND epoch = ? ORDER BY ordinal DESC LIMIT 1"


class Look(Enum):
    """What was found."""

    OURS = auto()
    IN_DOUBT = auto()
    """Somebody is writing the file: look again."""
    OVERWRITTEN = auto()


class _State(NamedTuple):
    """What stands in a database."""

    schema: int
    """Grows with each migration; and every way to copy a database but that of its bytes adds one."""
    seq: int = -1
    epoch: str = ""
    hash: bytes = b""


class _Doubt(NamedTuple):
    """A look that failed."""

    written: int
    since: float


class MainFile:
    """The file, as it was when it was last looked at. Not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.written: int | None = None
        """When it was written last, as far as it was looked at, by `st_ctime_ns`. Compared where each change passes."""
        self._seen: _State | None = None
        """None until a checkpoint was whole: the file of a new store may have nothing for long."""
        self._doubt: _Doubt | None = None
        self._overwritten = False

    def look(self, status: os.stat_result, connection: sqlite3.Connection) -> Look:
        """Whether it is a state of this store; `connection` reads what is in force, outside of transactions.

        `status` is that of before, so that what is written meanwhile is looked at next time.
        """
        if self._leads_on(connection):
            self.written, self._doubt, self._overwritten = status.st_ctime_ns, None, False
            return Look.OURS
        if self._doubt is None or self._doubt.written != status.st_ctime_ns:
            self._doubt = _Doubt(status.st_ctime_ns, monotonic())
        elif monotonic() - self._doubt.since >= STILL_SECONDS:
            self._overwritten = True
        return Look.OVERWRITTEN if self._overwritten else Look.IN_DOUBT

    def _leads_on(self, connection: sqlite3.Connection) -> bool:
        """Whether checkpoints can have written it: it is not before what was seen, and in the past of the store."""
        try:
            found: _State | None = self._stands_alone()
        except sqlite3.DatabaseError:
            found = None
        try:
            now = _state(connection)  # after `found`, so that it is no earlier
            if self._seen is None or self._seen.schema != now.schema:
                return self._may_become(found, now, connection)
            follows = found is not None and _follows(found, self._seen, now, connection)
        except sqlite3.DatabaseError:
            return False
        if follows:
            self._seen = found
        return follows

    def _may_become(self, found: _State | None, now: _State, connection: sqlite3.Connection) -> bool:
        """The same while no checkpoint was whole since the tables were made anew: only the schemas tell something."""
        if found is None:
            return True
        if found == now or (found.schema == now.schema and _hash_at(found, connection) == found.hash):
            self._seen = found
        return (0 if self._seen is None else self._seen.schema) <= found.schema <= now.schema

    def _stands_alone(self) -> _State:
        """What is in the file without the log. INVARIANT: opened by SQLite, which knows of the locks on the file."""
        with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            connection.execute("PRAGMA writable_schema=ON")  # else a file shorter than its first page says is refused
            return _state(connection)


def _follows(found: _State, seen: _State, now: _State, connection: sqlite3.Connection) -> bool:
    if found.schema != now.schema or (found.epoch == seen.epoch and found.seq < seen.seq):
        return False
    if found.epoch != now.epoch:
        return found.epoch == seen.epoch  # the one that followed is in the log alone
    known = _hash_at(found, connection)
    return found.seq <= now.seq and (known is None or known == found.hash)


def _hash_at(found: _State, connection: sqlite3.Connection) -> bytes | None:
    """What the chain of changes had come to there; None if that is not known, or no longer."""
    row = connection.execute(_LINK, (found.seq, found.epoch)).fetchone()
    return None if row is None else row[0]


def _state(connection: sqlite3.Connection) -> _State:
    """Raises sqlite3.DatabaseError for what is no database."""
    schema: int = connection.execute("PRAGMA schema_version").fetchone()[0]
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone() is None:
        return _State(schema)
    row = connection.execute(_HEAD).fetchone()
    return _State(schema) if row is None else _State(schema, *row)
