"""Rows of instance profiles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.role import Role
from carnet.store.entity_type import EntityType, entity_fields, one
from carnet.store.schema import METADATA, named_entity, optional_text

TABLE = Table("instance_profiles", METADATA, *named_entity(), optional_text("role"))


def from_row(row: Row[Any]) -> InstanceProfile:
    return InstanceProfile(**entity_fields(row), role=row.role)


INSTANCE_PROFILES = EntityType(
    entity=InstanceProfile,
    kind="instance profile",
    table=TABLE,
    from_row=from_row,
    decides=False,
    every_release=True,
    references={"role": one(Role, "role")},
)
