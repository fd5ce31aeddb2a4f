"""Rows of people."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Boolean, Column, Integer, Row, Table, UniqueConstraint

from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType, Reference, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "identity_store_users",
    METADATA,
    own_id(),
    owning_account(),
    text("identity_store"),
    text("user_name"),
    text("name_key"),
    optional_text("email_key"),
    text("attributes"),
    text("external_ids"),
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    moment("created"),
    text("created_by"),
    moment("updated"),
    text("updated_by"),
    UniqueConstraint("identity_store", "name_key"),
    UniqueConstraint("identity_store", "email_key"),
)


def from_row(row: Row[Any]) -> IdentityStoreUser:
    attributes = orjson.loads(row.attributes)
    if type(attributes) is not dict:
        raise ValueError("not a JSON object")
    return IdentityStoreUser(
        id=row.id,
        account=row.account,
        identity_store=row.identity_store,
        user_name=row.user_name,
        attributes=attributes,
        external_ids=read_pairs(row.external_ids),
        enabled=row.enabled,
        revision=row.revision,
        created=read_moment(row.created),
        created_by=row.created_by,
        updated=read_moment(row.updated),
        updated_by=row.updated_by,
    )


def _external_keys(user: IdentityStoreUser) -> Iterable[str]:
    return user.external_keys


IDENTITY_STORE_USERS = EntityType(
    entity=IdentityStoreUser,
    kind="user of an identity store",
    table=TABLE,
    from_row=from_row,
    decides=False,  # who cannot be read signs in nowhere
    name_of=attrgetter("user_name"),
    order=attrgetter("id"),
    # Not what a person refers to, but what a person is found by.
    references={
        "email": one(IdentityStoreUser, "email_key"),
        "external_id": Reference(IdentityStoreUser, _external_keys),
    },
)
