"""Rows that tell which role template a role comes from."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Integer, Row, Table

from carnet.entities.acquired_role import AcquiredRole
from carnet.entities.role import Role
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, optional_text, own_id, owning_account, text

TABLE = Table(
    "acquired_roles",
    METADATA,
    own_id(),
    owning_account(),
    text("template"),
    Column("minor_version", Integer, nullable=False),
    optional_text("parameters"),
)


def from_row(row: Row[Any]) -> AcquiredRole:
    return AcquiredRole(
        id=row.id,
        account=row.account,
        template=row.template,
        minor_version=row.minor_version,
        parameters=row.parameters,
    )


ACQUIRED_ROLES = EntityType(
    entity=AcquiredRole,
    kind="acquired role",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={"role": one(Role, "id")},
)
