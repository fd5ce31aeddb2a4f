"""Rows of responsibility transfers."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Table

from carnet.entities.organization import Organization
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferStatus
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, text

TABLE = Table(
    "responsibility_transfers",
    METADATA,
    own_id(),
    # Without foreign keys: the source may be gone when the target is still told of the transfer.
    text("organization"),
    text("target"),
    text("source_organization"),
    text("source"),
    text("name"),
    text("tags"),
    text("status"),
    moment("start"),
    Column("end", BigInteger, nullable=True),
    moment("expires"),
    moment("changed"),
)


def from_row(row: Row[Any]) -> ResponsibilityTransfer:
    return ResponsibilityTransfer(
        id=row.id,
        organization=row.organization,
        target=row.target,
        source_organization=row.source_organization,
        source=row.source,
        name=row.name,
        tags=read_pairs(row.tags),
        status=TransferStatus(row.status),
        start=read_moment(row.start),
        end=None if row.end is None else read_moment(row.end),
        expires=read_moment(row.expires),
        changed=read_moment(row.changed),
    )


RESPONSIBILITY_TRANSFERS = EntityType(
    entity=ResponsibilityTransfer,
    kind="responsibility transfer",
    table=TABLE,
    from_row=from_row,
    decides=False,
    scope_kind=ScopeKind.INSTALLATION,
    scope_column=None,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={
        "organization": one(Organization, "organization"),
        "source_organization": one(Organization, "source_organization"),
    },
)
