"""Connections to PostgreSQL on which nobody waits for a server that hangs.

A server that hangs keeps no `statement_timeout`, and its kernel goes on acknowledging packets, so that no timeout of
TCP ends the wait either. So the client looks at the clock itself.

https://www.psycopg.org/psycopg3/docs/api/connections.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy import Engine, event

from carnet.store.faults import SettingsDropped

T = TypeVar("T")

_REFUSED = "unsupported startup parameter"
"""How PgBouncer refuses `options`: https://www.pgbouncer.org/config.html#ignore_startup_parameters"""
ANSWER_MARGIN_SECONDS = 1.0
"""How much later than the server the client gives a statement up: as long as the server answers, it says why."""


class WholeStatements(psycopg.Cursor[TupleRow]):
    """INVARIANT: whoever begins to wait for the next statement is idle to the server.

    psycopg sends many rows in a pipeline, whose end is a message of its own. A server that has not got that one is not
    idle in its transaction, and keeps no timeout: a node whose network was cut just then held the head until TCP gave
    its connection up, after hours.
    """

    def executemany(self, query: Any, params_seq: Iterable[Any], *, returning: bool = False) -> None:
        count = 0
        for params in params_seq:
            self.execute(query, params)
            count += self.rowcount
        self._rowcount = count


class WatchedConnection(psycopg.Connection[TupleRow]):
    """What waits on it ends when the server has sent nothing for `patience` seconds, or when that `is_hopeless`, which
    is told for how many seconds it has sent nothing.

    It is closed then: what it was waiting for may still come.
    """

    patience: float | None = None
    """None: as long as it takes."""
    in_this_transaction: float | None = None
    """Another patience, until the transaction ends."""
    is_hopeless: Callable[[float], bool] = staticmethod(lambda waited: False)

    def wait(self, gen: Generator[int, int, T], *arguments: Any, **named: Any) -> T:
        return super().wait(self._watch(gen), *arguments, **named)  # type: ignore[arg-type, return-value, unused-ignore]

    def _watch(self, steps: Generator[int, int, T]) -> Generator[int, int, T]:
        """The same steps. psycopg sends them 0 ten times a second while nothing comes."""
        self._check(0.0)
        heard = monotonic()
        try:
            wanted = next(steps)
            while True:
                if ready := (yield wanted):
                    heard = monotonic()
                else:
                    self._check(monotonic() - heard)
                wanted = steps.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result

    def commit(self) -> None:
        super().commit()
        self.in_this_transaction = None

    def rollback(self) -> None:
        super().rollback()
        self.in_this_transaction = None

    def _check(self, waited: float) -> None:
        patience = self.in_this_transaction or self.patience
        if self.is_hopeless(waited) or (patience is not None and waited > patience):
            self.pgconn.finish()
            raise psycopg.OperationalError("the server does not answer")


def watch(
    engine: Engine,
    *,
    ping: float,
    patience: float | None = None,
    is_hopeless: Callable[[float], bool] | None = None,
    settings: Mapping[str, str] | None = None,
) -> None:
    """Let an engine make such connections. Without `patience`, it is that of the session's `statement_timeout`.

    INVARIANT: no connection whose session does not have these `settings` is given out; to make one raises
    SettingsDropped.
    `ping` is how many seconds a connection that was kept in the pool may take to show that it lives. It may be dead
    although the server is not: what lay between has forgotten it, or it was cut while the server could not be reached.
    """

    def connect(_dialect: object, _record: object, given: Any, named: Any) -> WatchedConnection:
        if is_hopeless is not None and is_hopeless(0.0):
            raise psycopg.OperationalError("the server does not answer")
        connection = _connect(*given, **named)
        connection.patience = patience or _patience(connection)
        _check_settings(connection, settings or {})
        if is_hopeless is not None:
            connection.is_hopeless = is_hopeless  # type: ignore[method-assign, unused-ignore]
        return connection

    event.listen(engine, "do_connect", connect)
    alive = engine.dialect.do_ping

    def do_ping(connection: Any) -> bool:
        usual, connection.patience = connection.patience, ping
        try:
            return alive(connection)
        finally:
            connection.patience = usual

    engine.dialect.do_ping = do_ping  # type: ignore[method-assign, assignment, unused-ignore]


def _connect(*given: Any, **named: Any) -> WatchedConnection:
    try:
        return WatchedConnection.connect(*given, **named, cursor_factory=WholeStatements)
    except psycopg.OperationalError as problem:
        if _REFUSED in str(problem):
            raise SettingsDropped from problem
        raise


def _check_settings(connection: WatchedConnection, settings: Mapping[str, str]) -> None:
    for name, wanted in settings.items():
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        if row != (wanted,):
            connection.close()
            raise SettingsDropped
    connection.rollback()


def allow(connection: Any, seconds: float) -> None:
    """Let a connection wait for so long until its transaction ends."""
    if connection.patience is not None:
        connection.in_this_transaction = max(connection.patience, seconds + ANSWER_MARGIN_SECONDS)


def _patience(connection: WatchedConnection) -> float | None:
    """For as long as the server works on one statement at the most."""
    connection.patience = ANSWER_MARGIN_SECONDS
    row = connection.execute("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'").fetchone()
    connection.rollback()
    milliseconds = row[0] if row is not None else 0
    return milliseconds / 1000 + ANSWER_MARGIN_SECONDS if milliseconds else None
