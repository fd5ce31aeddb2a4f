"""Rows of provisioned permission sets."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Integer, Row, Table

from carnet.entities.account import Account
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "provisioned_permission_sets",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("permission_set"),
    # Without foreign keys: what is referred to is of another scope.
    text("target"),
    text("role"),
    text("content_hash"),
    Column("session_seconds", Integer, nullable=False),
    optional_text("relay_state"),
    moment("provisioned"),
)


def from_row(row: Row[Any]) -> ProvisionedPermissionSet:
    return ProvisionedPermissionSet(
        account=row.account,
        instance=row.instance,
        permission_set=row.permission_set,
        target=row.target,
        role=row.role,
        content_hash=row.content_hash,
        session_seconds=row.session_seconds,
        relay_state=row.relay_state,
        provisioned=read_moment(row.provisioned),
    )


PROVISIONED_PERMISSION_SETS = EntityType(
    entity=ProvisionedPermissionSet,
    kind="provisioned permission set",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={"permission_set": one(PermissionSet, "permission_set"), "target": one(Account, "target")},
)
