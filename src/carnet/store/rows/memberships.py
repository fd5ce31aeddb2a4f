"""Rows that say which organization an account is in."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, Table, exists, select

from carnet.entities.membership import KEPT_CLOSED, Membership
from carnet.store.codec import read_moment
from carnet.store.databases.backend import Backend
from carnet.store.entity_type import EntityType
from carnet.store.rows.buckets import BUCKETS
from carnet.store.schema import METADATA, own_id, owning_account, text

_KEPT_CLOSED = KEPT_CLOSED // timedelta(microseconds=1)

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


def closed_for_good(connection: Connection, backend: Backend, account: str | None = None) -> tuple[str, ...]:
    """The accounts that were closed longer ago than such are kept, by the database's clock; of one, whether it was.

    INVARIANT: an account that owns buckets is none of them. Their objects are elsewhere, and stay there; once nobody
    here owned the name, whoever makes a bucket of it would have them.
    """
    table = TABLE.c
    query = select(table.account).where(table.closed <= backend.now - _KEPT_CLOSED)
    query = query.where(~exists().where(BUCKETS.table.c.account == table.account)).order_by(table.closed)
    if account is not None:
        query = query.where(table.account == account)
    return tuple(connection.scalars(query))


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
