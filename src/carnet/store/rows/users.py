"""Rows of IAM users."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.group import Group
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.user import User
from carnet.store.codec import read_pairs, read_strings
from carnet.store.entity_type import EntityType, entity_fields, many, one
from carnet.store.schema import METADATA, named_entity, optional_text, text

TABLE = Table(
    "users", METADATA, *named_entity(), optional_text("boundary"), text("groups"), text("attached"), text("inline")
)


def from_row(row: Row[Any]) -> User:
    return User(
        **entity_fields(row),
        boundary=row.boundary,
        groups=read_strings(row.groups),
        attached=read_strings(row.attached),
        inline=read_pairs(row.inline),
    )


USERS = EntityType(
    entity=User,
    kind="user",
    table=TABLE,
    from_row=from_row,
    decides=True,
    every_release=True,
    references={
        "groups": many(Group, "groups"),
        "attached": many(ManagedPolicy, "attached"),
        "boundary": one(ManagedPolicy, "boundary"),
    },
)
