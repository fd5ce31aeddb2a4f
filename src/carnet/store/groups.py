"""Rows of IAM groups."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.group import Group
from carnet.entities.managed_policy import ManagedPolicy
from carnet.store.codec import RowValues, read_pairs, read_strings
from carnet.store.entity_type import EntityType, entity_fields, entity_row, many
from carnet.store.schema import METADATA, named_entity, text

TABLE = Table("groups", METADATA, *named_entity(), text("attached"), text("inline"))


def to_row(group: Group) -> RowValues:
    return entity_row(group, attached=group.attached, inline=group.inline)


def from_row(row: Row[Any]) -> Group:
    return Group(**entity_fields(row), attached=read_strings(row.attached), inline=read_pairs(row.inline))


GROUPS = EntityType(
    entity=Group,
    kind="group",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    every_release=True,
    references={"attached": many(ManagedPolicy, "attached")},
)
