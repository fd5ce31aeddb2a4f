"""Rows of the resource policies of organizations."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_pairs
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_organization, text

TABLE = Table(
    "organization_resource_policies",
    METADATA,
    own_id(),
    owning_organization(),
    text("content"),
    text("tags"),
    UniqueConstraint("organization"),
)


def from_row(row: Row[Any]) -> OrganizationResourcePolicy:
    return OrganizationResourcePolicy(
        id=row.id, organization=row.organization, content=row.content, tags=read_pairs(row.tags)
    )


ORGANIZATION_RESOURCE_POLICIES = EntityType(
    entity=OrganizationResourcePolicy,
    kind="resource policy of an organization",
    table=TABLE,
    from_row=from_row,
    decides=True,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="organization",
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
