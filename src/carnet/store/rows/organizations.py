"""Rows of organizations."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.organization import FeatureSet, Organization
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_moment, read_moments, read_strings
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, own_id, text

TABLE = Table(
    "organizations",
    METADATA,
    own_id(),
    text("partition"),
    text("management"),
    text("feature_set"),
    moment("created"),
    text("policy_types"),
    text("trusted_services"),
    text("root_features"),
)


def from_row(row: Row[Any]) -> Organization:
    return Organization(
        id=row.id,
        partition=row.partition,
        management=row.management,
        feature_set=FeatureSet(row.feature_set),
        created=read_moment(row.created),
        policy_types=read_strings(row.policy_types),
        trusted_services=read_moments(row.trusted_services),
        root_features=read_strings(row.root_features),
    )


ORGANIZATIONS = EntityType(
    entity=Organization,
    kind="organization",
    table=TABLE,
    from_row=from_row,
    decides=True,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="id",
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
