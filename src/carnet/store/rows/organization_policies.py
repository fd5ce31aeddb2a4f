"""Rows of the policies of organizations."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, own_id, owning_organization, text

TABLE = Table(
    "organization_policies",
    METADATA,
    own_id(),
    owning_organization(),
    text("type"),
    text("name"),
    text("description"),
    text("content"),
    text("tags"),
    UniqueConstraint("organization", "type", "name"),
)


def from_row(row: Row[Any]) -> OrganizationPolicy:
    return OrganizationPolicy(
        id=row.id,
        organization=row.organization,
        type=PolicyType(row.type),
        name=row.name,
        description=row.description,
        content=row.content,
        tags=read_pairs(row.tags),
    )


ORGANIZATION_POLICIES = EntityType(
    entity=OrganizationPolicy,
    kind="organization policy",
    table=TABLE,
    from_row=from_row,
    decides=True,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="organization",
    unique_name=None,
    order=attrgetter("id"),
    references={"type": one(PolicyType, "type")},
)
