"""Rows of the deletions of service-linked roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.role_deletion import RoleDeletion
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table("role_deletions", METADATA, own_id(), owning_account(), text("service"), text("role"), moment("created"))


def from_row(row: Row[Any]) -> RoleDeletion:
    return RoleDeletion(
        id=row.id, account=row.account, service=row.service, role=row.role, created=read_moment(row.created)
    )


ROLE_DELETIONS = EntityType(
    entity=RoleDeletion,
    kind="role deletion",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=lambda deletion: deletion.task_id,
    unique_name=None,
    order=lambda deletion: (deletion.created, deletion.id),
)
