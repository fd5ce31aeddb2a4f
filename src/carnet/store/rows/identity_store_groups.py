"""Rows of groups of identity stores."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Integer, Row, Table, UniqueConstraint

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType, Reference
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "identity_store_groups",
    METADATA,
    own_id(),
    owning_account(),
    text("identity_store"),
    text("display_name"),
    text("name_key"),
    optional_text("description"),
    text("external_ids"),
    Column("revision", Integer, nullable=False),
    moment("created"),
    text("created_by"),
    moment("updated"),
    text("updated_by"),
    UniqueConstraint("identity_store", "name_key"),
)


def from_row(row: Row[Any]) -> IdentityStoreGroup:
    return IdentityStoreGroup(
        id=row.id,
        account=row.account,
        identity_store=row.identity_store,
        display_name=row.display_name,
        description=row.description,
        external_ids=read_pairs(row.external_ids),
        revision=row.revision,
        created=read_moment(row.created),
        created_by=row.created_by,
        updated=read_moment(row.updated),
        updated_by=row.updated_by,
    )


def _external_keys(group: IdentityStoreGroup) -> Iterable[str]:
    return group.external_keys


IDENTITY_STORE_GROUPS = EntityType(
    entity=IdentityStoreGroup,
    kind="group of an identity store",
    table=TABLE,
    from_row=from_row,
    decides=False,  # what cannot be read gives nobody anything
    name_of=attrgetter("display_name"),
    order=attrgetter("id"),
    # Not what a group refers to, but what it is found by.
    references={"external_id": Reference(IdentityStoreGroup, _external_keys)},
)
