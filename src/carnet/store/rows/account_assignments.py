"""Rows of account assignments."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.account import Account
from carnet.entities.account_assignment import AccountAssignment, PrincipalType
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "account_assignments",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("permission_set"),
    # Without a foreign key, as what is referred to may be of another scope.
    text("target"),
    text("principal_type"),
    text("principal"),
    moment("created"),
)


def from_row(row: Row[Any]) -> AccountAssignment:
    return AccountAssignment(
        account=row.account,
        instance=row.instance,
        permission_set=row.permission_set,
        target=row.target,
        principal_type=PrincipalType(row.principal_type),
        principal=row.principal,
        created=read_moment(row.created),
    )


ACCOUNT_ASSIGNMENTS = EntityType(
    entity=AccountAssignment,
    kind="account assignment",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={
        "principal": one(PrincipalType, "principal"),
        "permission_set": one(PermissionSet, "permission_set"),
        "provisioned": one(ProvisionedPermissionSet, "provisioned"),
        "target": one(Account, "target"),
    },
)
"""`view.of(AccountAssignment).referring("principal", id)` are those of a person or a group."""
