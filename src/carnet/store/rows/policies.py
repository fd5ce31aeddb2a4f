"""Rows of customer-managed policies, with their versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Integer, Row, Table

from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.store.codec import RowValues, json_text, moment, read_moment, read_objects
from carnet.store.entity_type import EntityType, entity_fields, entity_row
from carnet.store.schema import METADATA, named_entity, optional_text, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "policies",
    METADATA,
    *named_entity(),
    optional_text("description"),
    moment_column("updated"),
    text("versions"),
    Column("default_version", Integer, nullable=False),
    Column("next_version", Integer, nullable=False),
    Column("attachable", Boolean, nullable=False),
)


def _versions_text(versions: tuple[PolicyVersion, ...]) -> str:
    return json_text(
        [{"number": each.number, "document": each.document, "created": moment(each.created)} for each in versions]
    )


def _read_version(given: dict[str, Any]) -> PolicyVersion:
    return PolicyVersion(number=given["number"], document=given["document"], created=read_moment(given["created"]))


def to_row(policy: ManagedPolicy) -> RowValues:
    return entity_row(
        policy,
        description=policy.description,
        updated=policy.updated,
        versions=_versions_text(policy.versions),
        default_version=policy.default_version,
        next_version=policy.next_version,
        attachable=policy.attachable,
    )


def from_row(row: Row[Any]) -> ManagedPolicy:
    policy = ManagedPolicy(
        **entity_fields(row),
        description=row.description,
        updated=read_moment(row.updated),
        versions=tuple(map(_read_version, read_objects(row.versions))),
        default_version=row.default_version,
        next_version=row.next_version,
        attachable=row.attachable,
    )
    policy.version(policy.default_version)  # a policy whose version in force is lost must not read as an empty one
    return policy


POLICIES = EntityType(
    entity=ManagedPolicy,
    kind="policy",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    every_release=True,
)
