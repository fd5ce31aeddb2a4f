"""Rows of service-specific credentials."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Row, Table, UniqueConstraint

from carnet.entities.service_specific_credential import ServiceSpecificCredential
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "service_specific_credentials",
    METADATA,
    own_id(),
    owning_account(),
    text("owner"),
    Column("active", Boolean, nullable=False),
    text("service"),
    text("service_name"),
    text("digest"),
    moment("created"),
    Column("expires", BigInteger, nullable=True),
    UniqueConstraint("account", "service", "service_name"),
)


def from_row(row: Row[Any]) -> ServiceSpecificCredential:
    return ServiceSpecificCredential(
        id=row.id,
        account=row.account,
        owner=row.owner,
        active=row.active,
        service=row.service,
        service_name=row.service_name,
        digest=row.digest,
        created=read_moment(row.created),
        expires=None if row.expires is None else read_moment(row.expires),
    )


SERVICE_SPECIFIC_CREDENTIALS = EntityType(
    entity=ServiceSpecificCredential,
    kind="service-specific credential",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=attrgetter("presented_as"),
    order=attrgetter("created", "id"),
    references={"owner": one(User, "owner")},
)
