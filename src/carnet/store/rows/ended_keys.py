"""Rows of access keys that ended."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Index, Row, Table, select

from carnet.entities.ended_key import EndedKey
from carnet.store.codec import read_moment, read_numbers
from carnet.store.databases.backend import Backend
from carnet.store.entity_type import EntityType
from carnet.store.rows.access_keys import foreign_id
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

KEPT_DAYS = 7
"""How long the end of a key is remembered: all its sessions are over by then, but for chains that were renewed."""
_DAY = 86_400_000_000

TABLE = Table(
    "ended_keys",
    METADATA,
    own_id(),
    owning_account(),
    text("turns"),
    moment_column("changed"),
    Index(None, "account"),
    Index(None, "changed"),
)


def from_row(row: Row[Any]) -> EndedKey:
    return EndedKey(
        id=row.id,
        account=row.account,
        changed=read_moment(row.changed),
        turns=read_numbers(row.turns),
    )


def expired(connection: Connection, backend: Backend, limit: int) -> Iterator[EndedKey]:
    """Some of those that last changed longer ago than they are kept, by the database's clock."""
    query = select(TABLE).where(TABLE.c.changed <= backend.now - KEPT_DAYS * _DAY).limit(limit)
    return map(from_row, connection.execute(query))


ENDED_KEYS = EntityType(
    entity=EndedKey,
    kind="ended key",
    table=TABLE,
    from_row=from_row,
    # Without one, the sessions of a key that is not there are good for nothing: what cannot be read allows nothing.
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=foreign_id,
    order=attrgetter("changed", "id"),
)
