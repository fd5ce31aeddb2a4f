"""PostgreSQL: when several Carnet nodes share one state.

https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import conninfo
from sqlalchemy import URL, BigInteger, Connection, Engine, and_, create_engine, literal_column, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError, NoResultFound, ProgrammingError
from sqlalchemy.sql import func

from carnet.base.faults import Unavailable
from carnet.store.databases.backend import Backend, let_go, outages
from carnet.store.databases.notices import Notices
from carnet.store.databases.pulse import Pulse
from carnet.store.databases.watched_connection import allow, watch
from carnet.store.faults import Lost
from carnet.store.head import HEAD

LOCK_MILLISECONDS = 2000
_CONNECT_SECONDS = 2
_SILENCE_MILLISECONDS = 500
"""After how long a server that answers nothing, not even with a reset, counts as gone."""
_SCHEMA_SECONDS = 60
"""How long a migration may take, and who opens the store meanwhile wait for it: they do so once, when they start."""
_SCHEMA_LOCK = 0x6361726E6574
"""An advisory lock's number: the letters of "carnet"."""
_UNIQUE_VIOLATION = "23505"

_CONNECTION = {
    "connect_timeout": f"{_CONNECT_SECONDS}",
    "tcp_user_timeout": f"{_SILENCE_MILLISECONDS}",
    "application_name": "carnet",
}
"""What libpq is told; the database's URL may say otherwise."""
_LOST_CLIENTS = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""When the server lets go of the connections of a node that is cut off: else it holds them for two hours, and once it
has as many as it may it takes no new ones."""
_LOST_WRITERS = {
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "6000",
}
"""INVARIANT: no node holds the head for longer because it was cut off in the midst of a long statement. A server that
has got a part of one is not idle to itself, and keeps none of the timeouts of a session."""
_WRITER_WAITS = {
    "lock_timeout": f"{LOCK_MILLISECONDS}",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "5000",
}
_READER_WAITS = {
    "statement_timeout": "60000",  # a first load reads whole tables
    "idle_in_transaction_session_timeout": "600000",  # and makes entities of them before it asks for the next one
}
"""INVARIANT: whatever the operator has set for all sessions: a smaller bound would end each load that is large."""
_READER_TRANSACTIONS = {
    "default_transaction_isolation": "repeatable read",
    "default_transaction_read_only": "on",
}


class Postgresql(Backend):
    """READ COMMITTED is enough for writers, who take turns at the head row; readers see one snapshot."""

    upsert = staticmethod(postgresql.insert)
    now = literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)", BigInteger())
    poll_seconds = 0.25
    polls_at_once = False

    def __init__(self, url: URL) -> None:
        _check_query(url)
        self._pulse = Pulse(_silence_seconds(url))
        self.writer = _engine(url, waits=_LOST_WRITERS | _WRITER_WAITS, transactions={})
        self.reader = _engine(_for_reader(url), waits=_READER_WAITS, transactions=_READER_TRANSACTIONS)
        self._prober = _engine(url, waits={}, transactions={}, pool_size=1, isolation_level="AUTOCOMMIT")
        """INVARIANT: `poll` alone uses it, so that a server that has hung is found to answer again."""
        for engine, settings in ((self.writer, {}), (self.reader, _READER_TRANSACTIONS)):
            watch(engine, ping=self._pulse.seconds, is_hopeless=self._is_hopeless, settings=settings)
        watch(self._prober, ping=self._pulse.seconds, patience=self._pulse.seconds)
        self._notices: Notices | None = None

    @property
    def silent(self) -> bool:
        return self._pulse.silent

    def presume_silent(self) -> bool:
        self._pulse.presume_silent()
        return True

    def _is_hopeless(self, waited: float) -> bool:
        """Whether the server is silent: asked by a connection that has heard nothing of it for so many seconds.

        If nobody polls meanwhile, it is done here: the thread that polls again and again may be the one that waits.
        """
        if waited > self._pulse.seconds and self._pulse.is_due and not self._pulse.silent:
            with suppress(Unavailable, Lost):
                self.poll()
        return self._pulse.silent

    def lock_schema(self, connection: Connection) -> None:
        for name in _WRITER_WAITS:
            shown = func.current_setting(name).cast(postgresql.INTERVAL)
            longer = and_(shown > timedelta(0), shown < timedelta(seconds=_SCHEMA_SECONDS))  # 0 is no bound
            connection.execute(select(func.set_config(name, f"{_SCHEMA_SECONDS}s", True)).where(longer))
        allow(connection.connection.driver_connection, _SCHEMA_SECONDS)
        connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))

    def poll(self) -> Hashable:
        """Raises Lost for a database without Carnet's tables: another one is found where the store was."""
        with self._pulse.beat(), outages(), self._prober.connect() as connection:
            try:
                return tuple(connection.execute(select(HEAD.c.seq, HEAD.c.epoch)).one())
            except (ProgrammingError, NoResultFound) as error:
                raise Lost from error

    def follow_notices(self, heard: Callable[[], None]) -> None:
        self._notices = Notices(self._connection_for_notices, heard)
        self._notices.begin()

    def tell(self) -> None:
        if self._notices is not None:
            self._notices.tell()

    def _connection_for_notices(self) -> Any:
        """A connection that is no more of the pool. Like that of `poll`, it gives up a server that hangs."""
        pooled = self._prober.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        connection.autocommit = True
        return connection

    def close(self) -> None:
        if self._notices is not None:
            self._notices.end()
        super().close()
        let_go(self._prober)

    def refused_as_taken(self, error: IntegrityError) -> bool:
        return getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION


def _check_query(url: URL) -> None:
    """Raise ValueError for what is no parameter of a connection, or a time that is no number.

    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    """
    given = {name: values[-1] for name, values in url.normalized_query.items()}
    try:
        conninfo.make_conninfo(**given)
    except psycopg.ProgrammingError as error:
        raise ValueError(f"the query of the database URL cannot be used: {str(error).strip()}") from error
    seconds = given.get("connect_timeout", "0")
    if not re.fullmatch(r"[0-9]{1,6}", seconds):
        raise ValueError(f"connect_timeout is {seconds!r} in the database URL; it is a number of seconds")


def _silence_seconds(url: URL) -> float:
    """How long an answer to a poll may take; 0 leaves to the system when a connection ends, and is no bound of ours."""
    written = url.normalized_query.get("tcp_user_timeout", ("0",))[-1]
    milliseconds = int(written) if written.isascii() and written.isdigit() else 0
    return (milliseconds or _SILENCE_MILLISECONDS) / 1000


def _engine(url: URL, *, waits: dict[str, str], transactions: dict[str, str], **more: Any) -> Engine:
    """Connections with these settings of a session, of which the URL's own `options` may lengthen the waits.

    INVARIANT: what a reader's transactions are comes last, since the last setting of a name wins: with less, a reader
    would see halves of changes.
    """
    written = url.normalized_query
    return create_engine(
        url.set(drivername="postgresql+psycopg").difference_update_query(["options", *_CONNECTION]),
        pool_pre_ping=True,  # so that the first request after a restart of the server is met, not sacrificed
        pool_timeout=LOCK_MILLISECONDS / 1000,
        connect_args=_CONNECTION
        | {name: written[name][-1] for name in _CONNECTION if name in written}
        | {
            "options": " ".join(
                [*_options(_LOST_CLIENTS | waits), *written.get("options", ()), *_options(transactions)]
            )
        },
        **more,
    )


def _for_reader(url: URL) -> URL:
    """Of several hosts, a reader is to ask the one that takes writes, too, although its own session takes none."""
    if url.normalized_query.get("target_session_attrs") != ("read-write",):
        return url
    return url.update_query_dict({"target_session_attrs": "primary"})


def _options(settings: dict[str, str]) -> list[str]:
    """As `options` has them: a blank in a value is escaped."""
    blank = "\\ "
    return [f"-c {name}={value.replace(' ', blank)}" for name, value in settings.items()]
