"""Rows of data keys. They are wrapped by the master key, which is never in the database."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Row, Table, select

from carnet.entities.scope import ScopeKind
from carnet.keyring.data_keys import KeyState, WrappedKey
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "data_keys",
    METADATA,
    own_id("kid"),
    text("purpose"),
    text("state"),
    Column("wrapped", LargeBinary, nullable=False),
    moment_column("created"),
    Column("floor", Integer, nullable=False, server_default="1"),
    Column("number", Integer, nullable=False, server_default="1"),
    Column("retired", BigInteger, nullable=True),
)


def from_row(row: Row[Any]) -> WrappedKey:
    return WrappedKey(
        kid=row.kid,
        purpose=row.purpose,
        state=KeyState(row.state),
        wrapped=row.wrapped,
        created=read_moment(row.created),
        floor=row.floor,
        number=row.number,
        retired=read_moment(row.retired) if row.retired is not None else None,
    )


def read_all(connection: Connection) -> tuple[WrappedKey, ...]:
    """Every data key. Raises ValueError if one cannot be read."""
    return tuple(from_row(row) for row in connection.execute(select(TABLE).order_by(TABLE.c.created, TABLE.c.kid)))


DATA_KEYS = EntityType(
    entity=WrappedKey,
    kind="data key",
    table=TABLE,
    from_row=from_row,
    decides=False,  # what it opens decides; a key that cannot be read opens nothing
    every_release=True,
    key_column="kid",
    scope_kind=ScopeKind.INSTALLATION,
    scope_column=None,
    name_of=attrgetter("kid"),
    unique_name=None,
    order=attrgetter("created", "kid"),
)
