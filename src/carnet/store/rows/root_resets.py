"""Rows of the leave to set root passwords. The store never sees the token itself."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Row, Table, UniqueConstraint
from sqlalchemy.schema import SchemaItem

from carnet.entities.root_reset import RootReset
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column


def leave_columns() -> tuple[SchemaItem, ...]:
    """What every kind of leave to set a password has."""
    return (
        own_id(),
        owning_account(),
        text("digest"),
        Column("remove_mfa", Boolean, nullable=False),
        moment_column("created"),
        moment_column("expires"),
        UniqueConstraint("digest"),
    )


def leave_fields(row: Row[Any]) -> dict[str, Any]:
    """The members of `RootReset`, from the columns of `leave_columns`."""
    return {
        "account": row.account,
        "digest": row.digest,
        "remove_mfa": row.remove_mfa,
        "created": read_moment(row.created),
        "expires": read_moment(row.expires),
    }


TABLE = Table("root_resets", METADATA, *leave_columns())


def from_row(row: Row[Any]) -> RootReset:
    return RootReset(**leave_fields(row))


ROOT_RESETS = EntityType(
    entity=RootReset,
    kind="root reset",
    table=TABLE,
    from_row=from_row,
    decides=False,  # no decision of a policy depends on one; one that cannot be read gives no leave
    name_of=attrgetter("account"),
    unique_name=None,
    installation_name=attrgetter("digest"),
    order=attrgetter("account"),
)
