"""What tells that the file of a SQLite store is damaged.

https://www.sqlite.org/pragma.html#pragma_quick_check https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from time import monotonic

from carnet.base.faults import Unavailable
from carnet.store.databases.backend import outage
from carnet.store.faults import Damaged

_LOG = logging.getLogger(__name__)
CHECK_SECONDS = 10.0
"""How long the file is looked at: 8 GB or so, if it is in the memory of the system."""
_DAMAGED = "The file of the store is damaged: {}."
_STEPS_BETWEEN_LOOKS = 10_000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def unusable(error: sqlite3.Error) -> Unavailable:
    """What is to be raised: Damaged if SQLite says of a file that it is none of its own, or not as it was written."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
        return Damaged(_DAMAGED.format(error))
    return outage(error)


def check_file(path: Path, *, seconds: float = CHECK_SECONDS) -> None:
    """Raise Damaged if pages or tables of the file are not as SQLite leaves them, as far as that is seen in the time.

    Raises Unavailable if it cannot be read.
    """
    end = monotonic() + seconds
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.set_progress_handler(lambda: monotonic() > end, _STEPS_BETWEEN_LOOKS)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            _LOG.info("%s is large: it was checked for damage for %.0f seconds, and not to its end", path, seconds)
            return
        raise unusable(error) from error
    finally:
        connection.close()
    if found != "ok":
        raise Damaged(_DAMAGED.format(" ".join(found.split())))
