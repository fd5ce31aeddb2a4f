"""Rows of SSH public keys."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Index, Row, Table, UniqueConstraint

from carnet.entities.ssh_public_key import SshPublicKey
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "ssh_public_keys",
    METADATA,
    own_id(),
    owning_account(),
    text("owner"),
    Column("active", Boolean, nullable=False),
    text("body"),
    text("fingerprint"),
    moment("created"),
    UniqueConstraint("owner", "fingerprint"),
    Index(None, "account"),
)


def from_row(row: Row[Any]) -> SshPublicKey:
    return SshPublicKey(
        id=row.id,
        account=row.account,
        owner=row.owner,
        active=row.active,
        body=row.body,
        fingerprint=row.fingerprint,
        created=read_moment(row.created),
    )


SSH_PUBLIC_KEYS = EntityType(
    entity=SshPublicKey,
    kind="ssh public key",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("created", "id"),
    references={"owner": one(User, "owner")},
)
