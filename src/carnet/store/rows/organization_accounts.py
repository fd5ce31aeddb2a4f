"""Rows of the accounts of organizations."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Row, Table, Text

from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_moment, read_moments, read_pairs, read_strings
from carnet.store.entity_type import EntityType, many, one
from carnet.store.schema import METADATA, moment, owning_organization, text

TABLE = Table(
    "organization_accounts",
    METADATA,
    # An account is in one organization at most.
    Column("id", Text, ForeignKey("accounts.id"), primary_key=True),
    owning_organization(),
    Column("parent", Text, ForeignKey("organizational_units.id"), nullable=False),
    text("joined_method"),
    moment("joined"),
    text("attached"),
    Column("full_access", Boolean, nullable=False),
    text("delegations"),
    text("tags"),
)


def from_row(row: Row[Any]) -> OrganizationAccount:
    return OrganizationAccount(
        id=row.id,
        organization=row.organization,
        parent=row.parent,
        joined_method=JoinedMethod(row.joined_method),
        joined=read_moment(row.joined),
        attached=read_strings(row.attached),
        full_access=row.full_access,
        delegations=read_moments(row.delegations),
        tags=read_pairs(row.tags),
    )


ORGANIZATION_ACCOUNTS = EntityType(
    entity=OrganizationAccount,
    kind="account of an organization",
    table=TABLE,
    from_row=from_row,
    decides=True,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="organization",
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={
        "parent": one(OrganizationalUnit, "parent"),
        "attached": many(OrganizationPolicy, "attached"),
        "delegations": many(str, "delegations"),
    },
)
