"""Rows of access keys. The secret is sealed before it gets here; the store never sees it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Index, LargeBinary, Row, Table

from carnet.base.ids import account_of_key
from carnet.entities.access_key import AccessKey
from carnet.entities.ended_key import EndedKey
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, Sealed, one
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "access_keys",
    METADATA,
    own_id(),
    owning_account(),
    text("owner"),
    Column("active", Boolean, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    moment_column("created"),
    Index(None, "account"),
)


def from_row(row: Row[Any]) -> AccessKey:
    return AccessKey(
        id=row.id,
        account=row.account,
        owner=row.owner,
        active=row.active,
        sealed_secret=row.sealed_secret,
        created=read_moment(row.created),
    )


def foreign_id(key: AccessKey | EndedKey) -> str | None:
    """The id of a key that was given with it, and from which its account cannot be read."""
    return None if account_of_key(key.id) == key.account else key.id


ACCESS_KEYS = EntityType(
    entity=AccessKey,
    kind="access key",
    table=TABLE,
    from_row=from_row,
    sealed=Sealed("sealed_secret", lambda key: (key.sealed_secret,)),
    decides=True,
    every_release=True,
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=foreign_id,
    order=attrgetter("created", "id"),
    references={"owner": one(User, "owner")},
)
