"""Rows of organizational units and of roots."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Row, Table, UniqueConstraint

from carnet.entities.organization_policy import OrganizationPolicy
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_pairs, read_strings
from carnet.store.entity_type import EntityType, many, one
from carnet.store.schema import METADATA, optional_text, own_id, owning_organization, text

TABLE = Table(
    "organizational_units",
    METADATA,
    own_id(),
    owning_organization(),
    optional_text("parent"),
    text("name"),
    text("attached"),
    Column("full_access", Boolean, nullable=False),
    text("tags"),
    UniqueConstraint("organization", "parent", "name"),
)


def from_row(row: Row[Any]) -> OrganizationalUnit:
    return OrganizationalUnit(
        id=row.id,
        organization=row.organization,
        parent=row.parent,
        name=row.name,
        attached=read_strings(row.attached),
        full_access=row.full_access,
        tags=read_pairs(row.tags),
    )


ORGANIZATIONAL_UNITS = EntityType(
    entity=OrganizationalUnit,
    kind="organizational unit",
    table=TABLE,
    from_row=from_row,
    decides=True,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="organization",
    unique_name=None,
    order=attrgetter("id"),
    references={"parent": one(OrganizationalUnit, "parent"), "attached": many(OrganizationPolicy, "attached")},
)
