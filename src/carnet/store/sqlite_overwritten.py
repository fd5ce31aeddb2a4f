"""What tells that somebody else has written into the file of a SQLite store: a copy that was put over it in place, say.

SQLite notices nothing of it. What it has in memory and in the write-ahead log it goes on with, and mixes it with what
stands in the file now. But only checkpoints write the file itself, and each leaves it at a later revision of the same
store. So whenever the file was written, what stands in it alone, without the log, is held against that.

https://www.sqlite.org/wal.html https://www.sqlite.org/howtocorrupt.html
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from carnet.store.faults import Lost

_HEAD = "SELECT seq, epoch, hash FROM head"
_LINK = "SELECT hash FROM changes WHERE seq = ? AND epoch = ? ORDER BY ordinal DESC LIMIT 1"
_LOOKS = 2
"""A checkpoint of another process may be writing the very pages that are looked at."""


class _State(NamedTuple):
    """What stands in a database."""

    schema: int
    """Grows with each migration; and every way to copy a database but that of its bytes adds one."""
    seq: int = -1
    epoch: str = ""
    hash: bytes = b""


_NOTHING = _State(0)
"""Of a file that no checkpoint has written yet."""


class MainFile:
    """The file, as it was when it was last looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.written: int | None = None
        """When it was written last, as far as it was looked at, by `st_ctime_ns`. Compared where each change passes."""
        self._seen = _NOTHING

    def look(self, status: os.stat_result, connection: sqlite3.Connection) -> None:
        """Raise Lost if it is no state of this store; `connection` reads what is in force, outside of transactions.

        `status` is that of before, so that what is written meanwhile is looked at next time.
        """
        for _ in range(_LOOKS):
            try:
                found = self._stands_alone()
                if self._leads_on(found, connection):
                    self._seen, self.written = found, status.st_ctime_ns
                    return
            except sqlite3.DatabaseError:
                continue
        raise Lost

    def _stands_alone(self) -> _State:
        """What is in the file without the log. INVARIANT: opened by SQLite, which knows of the locks on the file."""
        with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            return _state(connection)

    def _leads_on(self, found: _State, connection: sqlite3.Connection) -> bool:
        """Whether a checkpoint can have written it: it is not before what was seen, and in the past of the store."""
        now, seen = _state(connection), self._seen
        if found.schema > now.schema:
            return False
        if found.seq < 0:
            return seen.seq < 0
        if found.epoch == seen.epoch and found.seq < seen.seq:
            return False
        if found.epoch != now.epoch:
            return seen.epoch in ("", found.epoch)  # before a restore that is in the log alone
        link = connection.execute(_LINK, (found.seq, found.epoch)).fetchone()
        return found.seq <= now.seq and (link is None or link[0] == found.hash)


def _state(connection: sqlite3.Connection) -> _State:
    """Raises sqlite3.DatabaseError for what is no database."""
    schema: int = connection.execute("PRAGMA schema_version").fetchone()[0]
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone() is None:
        return _State(schema)
    row = connection.execute(_HEAD).fetchone()
    return _State(schema) if row is None else _State(schema, *row)
