"""Rows of signing certificates."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Row, Table, UniqueConstraint

from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "signing_certificates",
    METADATA,
    own_id(),
    owning_account(),
    text("owner"),
    Column("active", Boolean, nullable=False),
    text("body"),
    text("fingerprint"),
    moment("created"),
    UniqueConstraint("account", "fingerprint"),
)


def from_row(row: Row[Any]) -> SigningCertificate:
    return SigningCertificate(
        id=row.id,
        account=row.account,
        owner=row.owner,
        active=row.active,
        body=row.body,
        fingerprint=row.fingerprint,
        created=read_moment(row.created),
    )


SIGNING_CERTIFICATES = EntityType(
    entity=SigningCertificate,
    kind="signing certificate",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("created", "id"),
    references={"owner": one(User, "owner")},
)
