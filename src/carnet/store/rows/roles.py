"""Rows of IAM roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, Row, Table

from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.store.codec import read_pairs, read_strings
from carnet.store.entity_type import EntityType, entity_fields, many, one
from carnet.store.schema import METADATA, named_entity, optional_text, text

TABLE = Table(
    "roles",
    METADATA,
    *named_entity(),
    text("trust"),
    text("trusted_ids"),
    optional_text("description"),
    Column("max_session_seconds", Integer, nullable=False),
    optional_text("boundary"),
    text("attached"),
    text("inline"),
    optional_text("linked_service"),
    Column("max_signin_seconds", Integer, nullable=True),
)


def from_row(row: Row[Any]) -> Role:
    return Role(
        **entity_fields(row),
        trust=row.trust,
        trusted_ids=read_pairs(row.trusted_ids),
        description=row.description,
        max_session_seconds=row.max_session_seconds,
        max_signin_seconds=row.max_signin_seconds,
        boundary=row.boundary,
        attached=read_strings(row.attached),
        inline=read_pairs(row.inline),
        linked_service=row.linked_service,
    )


ROLES = EntityType(
    entity=Role,
    kind="role",
    table=TABLE,
    from_row=from_row,
    decides=True,
    every_release=True,
    references={"attached": many(ManagedPolicy, "attached"), "boundary": one(ManagedPolicy, "boundary")},
)
