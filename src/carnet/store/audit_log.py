"""The audit events of writes, kept in the transaction that they tell of: no change without its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

import orjson
from sqlalchemy import BigInteger, Column, Connection, Integer, Table, and_, func, not_, or_, select

from carnet.base.unseen import escaped
from carnet.store.schema import METADATA, text
from carnet.store.statements import Insertion

Event = Mapping[str, Any]
"""One CloudTrail-shaped event, of JSON values."""

AUDIT_EVENTS = Table(
    "audit_events",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    text("event"),
)


class EventRow(NamedTuple):
    """What is stored of an event."""

    seq: int
    ordinal: int
    event: str
    """JSON."""


INSERT = Insertion.into(AUDIT_EVENTS, EventRow._fields)
"""Of the rows that `rows_of` has made."""
RECORDED = ',"log":"%s"}'
"""What the text of a row ends with, in place of the last brace, if its event is to be in the log of that name."""


class Record(Protocol):
    """Another log in which the events of changes are kept, too."""

    @property
    def log(self) -> str:
        """What it is called, with nothing in it that JSON escapes. Raises Unavailable if it cannot be written."""

    def recording(self, events: Sequence[str]) -> AbstractContextManager[None]:
        """Keep these, JSON texts, once the block ends, which commits them.

        Raises Unavailable before that, if they cannot be kept; an exception of the block undoes the change, and they
        are forgotten.
        """


class Audited(NamedTuple):
    """The event of a change of the whole store, which is no unit of work, and the other log that keeps it."""

    event: Event
    record: Record

    @contextmanager
    def at(self, connection: Connection, seq: int) -> Iterator[None]:
        """Keep it at that revision; the block commits. Raises Unavailable before that if it cannot be recorded."""
        text, table = _text(self.event), AUDIT_EVENTS.c
        last = connection.scalar(select(func.max(table.ordinal)).where(table.seq == seq))
        end = RECORDED % self.record.log
        row = EventRow(seq, 0 if last is None else last + 1, text[:-1] + end)
        with self.record.recording([text]):
            INSERT(connection, [row])
            yield


def rows_of(seq: int, events: Iterable[Event]) -> list[EventRow]:
    """The events of the unit whose revision is `seq`. Raises orjson.JSONEncodeError for what is no JSON."""
    return [EventRow(seq, n, _text(event)) for n, event in enumerate(events)]


def _text(event: Event) -> str:
    encoded = orjson.dumps(event)
    return (encoded if encoded.isascii() and b"\x7f" not in encoded else escaped(encoded)).decode()


def read_since(connection: Connection, seq: int) -> Iterator[tuple[int, Event]]:
    """(seq, event) of the transactions after `seq`, in order."""
    table = AUDIT_EVENTS.c
    query = select(table.seq, table.event).where(table.seq > seq).order_by(table.seq, table.ordinal)
    for row in connection.execute(query):
        event = orjson.loads(row.event)
        event.pop("log", None)
        yield row.seq, event


def read_elsewhere(
    connection: Connection, log: str, account: str | None, *, before: tuple[int, int], down_to: int
) -> Iterator[tuple[int, int, str]]:
    """(seq, ordinal, event) before a place, the newest first, of seq `down_to` and above, but what is in that log.

    `account` is whose they are, or None for all.
    """
    table = AUDIT_EVENTS.c
    earlier = or_(table.seq < before[0], and_(table.seq == before[0], table.ordinal < before[1]))
    query = select(table.seq, table.ordinal, table.event).where(earlier, table.seq >= down_to)
    query = query.where(table.event.contains(',"log":"'), not_(table.event.endswith(RECORDED % log, autoescape=True)))
    if account is not None:
        query = query.where(table.event.contains(f'"recipientAccountId":"{account}"', autoescape=True))
    for seq, ordinal, event in connection.execute(query.order_by(table.seq.desc(), table.ordinal.desc())):
        yield seq, ordinal, event.rpartition(',"log":"')[0] + "}"


def read_first(connection: Connection, seq: int) -> str | None:
    """The first event of that seq or one after it, whatever its log."""
    table = AUDIT_EVENTS.c
    query = select(table.event).where(table.seq >= seq).order_by(table.seq, table.ordinal).limit(1)
    found: str | None = connection.scalar(query)
    return found


def read_recorded(connection: Connection, log: str, seq: int) -> Iterator[str]:
    """The events after `seq` that were to be in that log, as they are to stand there, in order."""
    table, end = AUDIT_EVENTS.c, RECORDED % log
    query = select(table.event).where(table.seq > seq, table.event.endswith(end, autoescape=True))
    for (event,) in connection.execute(query.order_by(table.seq, table.ordinal)):
        yield event.removesuffix(end) + "}"
