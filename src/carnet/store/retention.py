"""How old the rows of the logs are, and the removal of those that are too old.

Rows of the logs have a number and no time. From time to time a mark is set, "at this moment the head stood there", so
that every row up to it is at least that old. Writers pay nothing for it, no node's clock is believed but the
database's, and rows of earlier releases have an age too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import Connection, Table, delete, func, select

from carnet.store import head
from carnet.store.databases.backend import Backend
from carnet.store.head import MARKS
from carnet.store.nodes import read_live

_SEQS_PER_BATCH = 500
"""Writes whose rows are removed in one transaction."""

Log: TypeAlias = Table
"""CHANGES or AUDIT_EVENTS: rows in order of their `seq`."""


def mark(connection: Connection, backend: Backend) -> None:
    """Remember where the head stands now. A head that did not move keeps the time of its first mark."""
    latest = select(func.coalesce(func.max(MARKS.c.at), 0)).scalar_subquery()
    # A clock that was set back makes no row look older than one before it.
    at = connection.execute(select(backend.now, latest)).one()
    row = {"seq": head.read(connection).seq, "at": max(at)}
    connection.execute(backend.upsert(MARKS).on_conflict_do_nothing(), row)


def last_old(connection: Connection, backend: Backend, age: timedelta) -> int:
    """The last seq that is older than `age`; 0 if none is."""
    oldest_kept = backend.now - age // timedelta(microseconds=1)
    query = select(func.coalesce(func.max(MARKS.c.seq), 0)).where(MARKS.c.at <= oldest_kept)
    return int(connection.execute(query).scalar_one())


def last_followed(connection: Connection, backend: Backend) -> int:
    """The last seq that no live node needs any more, and not the newest one, which the next write joins on."""
    seqs = [node.seq for node in read_live(connection, backend)]
    return min([head.read(connection).seq - 1, *seqs])


def remove_batch(connection: Connection, log: Log, last: int) -> bool:
    """Remove some of the oldest rows up to the seq `last`; whether there are more of them."""
    first: int | None = connection.execute(select(func.min(log.c.seq))).scalar_one()
    if first is None or first > last:
        return False
    end = min(last, first + _SEQS_PER_BATCH - 1)
    connection.execute(delete(log).where(log.c.seq <= end))
    return end < last


def forget_marks(connection: Connection, last: int) -> None:
    """Remove the marks of rows that are gone from both logs."""
    connection.execute(delete(MARKS).where(MARKS.c.seq < last))
