"""Rows that say which organization an account is in."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Table

from carnet.entities.membership import Membership
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_account, text

TABLE = Table(
    "organization_memberships",
    METADATA,
    own_id(),
    owning_account(),
    # Without a foreign key: an account is removed in its own scope, which knows nothing of the organization's.
    text("organization"),
    Column("closed", BigInteger, nullable=True),
)


def from_row(row: Row[Any]) -> Membership:
    return Membership(
        account=row.account,
        organization=row.organization,
        closed=None if row.closed is None else read_moment(row.closed),
    )


MEMBERSHIPS = EntityType(
    entity=Membership,
    kind="membership of an organization",
    table=TABLE,
    from_row=from_row,
    decides=True,
    name_of=attrgetter("account"),
    unique_name=None,
    order=attrgetter("account"),
)
