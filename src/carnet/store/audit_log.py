"""The audit events of writes, kept in the transaction that they tell of: no change without its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Integer, Table, insert, select

from carnet.store.codec import RowValues
from carnet.store.schema import METADATA, text

Event = Mapping[str, Any]
"""One CloudTrail-shaped event, of JSON values."""

AUDIT_EVENTS = Table(
    "audit_events",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    text("event"),
)
INSERT = insert(AUDIT_EVENTS)
"""Of the rows that `rows_of` has made."""


def rows_of(seq: int, events: Iterable[Event]) -> list[RowValues]:
    """The events of the unit whose revision is `seq`. Raises orjson.JSONEncodeError for what is no JSON."""
    return [{"seq": seq, "ordinal": n, "event": orjson.dumps(event).decode()} for n, event in enumerate(events)]


def read_since(connection: Connection, seq: int) -> Iterator[tuple[int, Event]]:
    """(seq, event) of the transactions after `seq`, in order."""
    table = AUDIT_EVENTS.c
    query = select(table.seq, table.event).where(table.seq > seq).order_by(table.seq, table.ordinal)
    for row in connection.execute(query):
        yield row.seq, orjson.loads(row.event)
