"""Rows of assertions that were redeemed. The index of their ids decides, so each is redeemed once in all nodes."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Index, Row, Table, select

from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.store.codec import read_moment
from carnet.store.databases.backend import Backend
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_account
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "redeemed_assertions",
    METADATA,
    own_id(),
    owning_account(),
    moment_column("expires"),
    Index(None, "expires"),
)


_AHEAD = 86_400_000_000
"""How far the database's clock may be ahead of that by which assertions expire, in microseconds: a day."""


def from_row(row: Row[Any]) -> RedeemedAssertion:
    return RedeemedAssertion(id=row.id, account=row.account, expires=read_moment(row.expires))


def expired(connection: Connection, backend: Backend, limit: int) -> Iterator[RedeemedAssertion]:
    """Some of those that are good no longer, by the database's clock: for so long that it may be ahead by hours."""
    query = select(TABLE).where(TABLE.c.expires <= backend.now - _AHEAD).limit(limit)
    return map(from_row, connection.execute(query))


REDEEMED_ASSERTIONS = EntityType(
    entity=RedeemedAssertion,
    kind="redeemed assertion",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
