"""Rows of IAM groups."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.group import Group
from carnet.entities.managed_policy import ManagedPolicy
from carnet.store.codec import read_pairs, read_strings
from carnet.store.entity_type import EntityType, entity_fields, many
from carnet.store.schema import METADATA, named_entity, text

TABLE = Table("groups", METADATA, *named_entity(), text("attached"), text("inline"))


def from_row(row: Row[Any]) -> Group:
    return Group(**entity_fields(row), attached=read_strings(row.attached), inline=read_pairs(row.inline))


GROUPS = EntityType(
    entity=Group,
    kind="group",
    table=TABLE,
    from_row=from_row,
    decides=True,
    every_release=True,
    references={"attached": many(ManagedPolicy, "attached")},
)
