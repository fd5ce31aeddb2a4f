"""What differs between the databases, and how their failures are told."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Engine, Table, event
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from carnet.base.faults import Unavailable
from carnet.store.faults import Full, Held, TakesNoChanges, Unreachable

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = "Callable[[Table], sqlite.Insert | postgresql.Insert]"
"""The database's own INSERT, the one that knows ON CONFLICT."""

_CALLERS_FAULT = (IntegrityError, DataError, ProgrammingError, NotSupportedError)
"""Database errors that say something of the statement or its values; all others say something of the database."""
_LOCK_NOT_AVAILABLE = "55P03"
"""What PostgreSQL says behind `lock_timeout`: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_DISK_FULL = "53100"
_READ_ONLY = "25006"
"""A standby, or `default_transaction_read_only`."""
_INSUFFICIENT_PRIVILEGE = "42501"
"""Of PostgreSQL, too: no statement is wrong, the role of the database lacks a grant."""
_ENDS = ("FATAL", "PANIC")
"""What PostgreSQL calls an error after which a session, or the whole server, is gone."""
_NOT_WRITTEN = (
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
)
"""What SQLite says of a file system that has become read-only under it, or of a quota that is used up."""
_LONGEST_REASON = 300


class Backend(ABC):
    """One database: `writer` begins transactions that will write, `reader` ones that see one state throughout."""

    writer: Engine
    reader: Engine
    upsert: Upsert
    now: ColumnElement[int]
    """The database's clock, in the numbers of `codec.moment`."""
    poll_seconds: float
    """How long a follower waits between two looks."""
    polls_at_once: bool
    """Whether `poll` never waits for anybody."""
    refuses_changes = False
    """Whether it has refused a change by its state, not by what the change was, and taken none since."""

    @abstractmethod
    def lock_schema(self, connection: Connection) -> None:
        """Keep other processes from migrating until this transaction ends."""

    @abstractmethod
    def poll(self) -> Hashable:
        """A value that differs from the last one if somebody committed in between; cheap. Raises Unavailable."""

    @abstractmethod
    def refused_as_taken(self, error: IntegrityError) -> bool:
        """Whether a unique index refused the statement (else a foreign key did)."""

    @property
    def silent(self) -> bool:
        """Whether the database did not answer when it was last polled: what waits for it need not go on waiting."""
        return False

    def presume_silent(self) -> bool:
        """Take it for silent until a poll is answered; whether it can be: what is in a file is there or is not."""
        return False

    def check_present(self) -> None:  # noqa: B027 - a database with a server of its own says so by itself
        """Raises Lost if what is open is not what is found at its place any more: nobody would find what is written."""

    def check_sound(self) -> None:  # noqa: B027 - a database with a server of its own checks what it reads
        """Raises Damaged if what is stored is not as it was written, as far as that is seen in some seconds."""

    def follow_notices(self, heard: Callable[[], None]) -> None:  # noqa: B027 - for what tells of commits by itself
        """Call `heard` when another process has told of a commit, from now on until `close`; perhaps not of each."""

    def tell(self) -> None:  # noqa: B027
        """Let other processes know of a commit, if notices are followed. Never waits, and raises nothing."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state. Raises Unavailable."""
        with outages(), self.reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of what the head row does not order. Raises Unavailable."""
        with self.changing(), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Remember if the database refuses changes within the block. Raises Unavailable."""
        try:
            with outages():
                yield
        except Unavailable as problem:
            self.note_refusal(problem)
            raise

    def note_refusal(self, problem: Unavailable) -> None:
        """Remember that the database refuses changes, if that is why a change was not made."""
        if _refuses_changes(problem):
            self.refuses_changes = True

    def close(self) -> None:
        for engine in (self.writer, self.reader):
            let_go(engine)


def let_go(engine: Engine) -> None:
    """Close its connections; one that a thread still has, or makes, is closed when it comes back."""

    def close(_connection: object, record: Any) -> None:
        record.invalidate()

    event.listen(engine, "checkin", close)
    engine.dispose()


@contextmanager
def outages() -> Iterator[None]:
    """Turn a database that is down, locked too long, full or broken into Unavailable."""
    try:
        yield
    except _CALLERS_FAULT as error:
        if _sqlstate(error) == _INSUFFICIENT_PRIVILEGE:
            raise outage(error) from error
        raise
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        raise outage(error) from error


def outage(error: Exception) -> Unreachable:
    """What an error of a database, or of its driver, is told as that says nothing of the statement."""
    if _is_held(error):
        return Held()
    kind = Full if is_full(error) else TakesNoChanges if _is_read_only(error) else Unreachable
    return kind(reason=reason_of(error))


def reason_of(error: Exception) -> str:
    """The first line of what the driver says: those below it may show values of rows."""
    first = str(_cause(error)).strip().partition("\n")[0]
    return first[:_LONGEST_REASON].rstrip(".") + "."


def is_refused(error: Exception) -> bool:
    """Whether the database has refused to commit. INVARIANT: it is not committed then, nor will be.

    A PostgreSQL whose log has no room ends in the midst of a commit (PANIC). The record of the commit may be on the
    disk by then, and the transaction is made when the server starts again.
    """
    return (is_full(error) or _is_read_only(error)) and not _ends_the_session(error)


def is_full(error: Exception) -> bool:
    """Whether the disk has refused what was written.

    https://www.sqlite.org/rescode.html#full
    """
    return _sqlite_code(error) == sqlite3.SQLITE_FULL or _sqlstate(error) == _DISK_FULL


def _ends_the_session(error: Exception) -> bool:
    """Whether PostgreSQL has ended the session, or itself.

    https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS
    """
    return getattr(getattr(_cause(error), "diag", None), "severity_nonlocalized", None) in _ENDS


def _is_read_only(error: Exception) -> bool:
    return _sqlite_code(error) == sqlite3.SQLITE_READONLY or _sqlstate(error) == _READ_ONLY


def _refuses_changes(problem: Unavailable) -> bool:
    """Whether who meant to change something was told that the database takes no changes."""
    error = problem.__cause__
    if isinstance(problem, TakesNoChanges) or not isinstance(error, Exception):
        return isinstance(problem, TakesNoChanges)
    return _sqlstate(error) == _INSUFFICIENT_PRIVILEGE or getattr(_cause(error), "sqlite_errorcode", 0) in _NOT_WRITTEN


def _sqlite_code(error: Exception) -> int:
    """The primary one; 0 if the error is not of SQLite."""
    code: int = getattr(_cause(error), "sqlite_errorcode", 0)
    return code & 0xFF


def _sqlstate(error: Exception) -> str | None:
    return getattr(_cause(error), "sqlstate", None)


def _cause(error: Exception) -> object:
    """The driver's error behind that of SQLAlchemy."""
    return getattr(error, "orig", None) or error


def _is_held(error: Exception) -> bool:
    """Whether the database has waited in vain for its turn to write: https://www.sqlite.org/rescode.html#busy"""
    return _sqlite_code(error) == sqlite3.SQLITE_BUSY or _sqlstate(error) == _LOCK_NOT_AVAILABLE
