"""Rows of memberships in the groups of identity stores."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "identity_store_memberships",
    METADATA,
    own_id(),
    owning_account(),
    text("identity_store"),
    text("group"),
    text("member"),
    moment("created"),
    text("created_by"),
    UniqueConstraint("group", "member"),
)


def from_row(row: Row[Any]) -> IdentityStoreMembership:
    return IdentityStoreMembership(
        id=row.id,
        account=row.account,
        identity_store=row.identity_store,
        group=row.group,
        member=row.member,
        created=read_moment(row.created),
        created_by=row.created_by,
    )


IDENTITY_STORE_MEMBERSHIPS = EntityType(
    entity=IdentityStoreMembership,
    kind="membership of an identity store",
    table=TABLE,
    from_row=from_row,
    decides=False,  # what cannot be read gives nobody anything
    name_of=attrgetter("id"),
    unique_name=attrgetter("pair"),
    order=attrgetter("id"),
    references={"group": one(IdentityStoreGroup, "group"), "member": one(IdentityStoreUser, "member")},
)
