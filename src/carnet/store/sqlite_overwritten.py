"""What tells that somebody else has written into the file of a SQLite store: a copy that was put over it in place, say.

SQLite notices nothing of it. What it has in memory and in the write-ahead log it goes on with, and mixes it with what
stands in the file now. But only checkpoints write the file itself, and each page that they write there is of a later
revision of the same store. So whenever the file was written, what stands in it alone, without the log, is held against
that.

INVARIANT: a checkpoint under way, or one that was killed on its way, is never taken for somebody else. It writes page
by page, so only what stands in one page is looked at: one page may be newer than another, and the file shorter than its
first page says. What is read of a page while it is written says nothing: a look that fails counts only if looks go on
failing while the file is written no more.

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

_STILL_SECONDS = 0.1
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
        """None until the file was readable without its log: that of a new store may not be for long."""
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
        elif monotonic() - self._doubt.since >= _STILL_SECONDS:
            self._overwritten = True
        return Look.OVERWRITTEN if self._overwritten else Look.IN_DOUBT

    def _leads_on(self, connection: sqlite3.Connection) -> bool:
        """Whether a checkpoint can have written it: it is not before what was seen, and in the past of the store."""
        try:
            found = self._stands_alone()
        except sqlite3.DatabaseError:
            return self._seen is None
        try:
            follows = _follows(found, self._seen, connection)
        except sqlite3.DatabaseError:
            return False
        if follows:
            self._seen = found
        return follows

    def _stands_alone(self) -> _State:
        """What is in the file without the log. INVARIANT: opened by SQLite, which knows of the locks on the file."""
        with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            connection.execute("PRAGMA writable_schema=ON")  # else a file shorter than its first page says is refused
            return _state(connection)


def _follows(found: _State, seen: _State | None, connection: sqlite3.Connection) -> bool:
    now = _state(connection)  # after `found`, so that it is no earlier
    if found.schema > now.schema:
        return False
    if seen is not None and (found.schema < seen.schema or (found.epoch == seen.epoch and found.seq < seen.seq)):
        return False
    if found.seq < 0:
        return seen is None or seen.seq < 0
    if found.epoch != now.epoch:
        return seen is None or seen.epoch in ("", found.epoch)  # before a restore that is in the log alone
    link = connection.execute(_LINK, (found.seq, found.epoch)).fetchone()
    return found.seq <= now.seq and (link is None or link[0] == found.hash)


def _state(connection: sqlite3.Connection) -> _State:
    """Raises sqlite3.DatabaseError for what is no database."""
    schema: int = connection.execute("PRAGMA schema_version").fetchone()[0]
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone() is None:
        return _State(schema)
    row = connection.execute(_HEAD).fetchone()
    return _State(schema) if row is None else _State(schema, *row)
