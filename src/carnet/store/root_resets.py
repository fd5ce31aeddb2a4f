"""Rows of the leave to set root passwords. The store never sees the token itself."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Row, Table, UniqueConstraint

from carnet.entities.root_reset import RootReset
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "root_resets",
    METADATA,
    own_id(),
    owning_account(),
    text("digest"),
    Column("remove_mfa", Boolean, nullable=False),
    moment_column("created"),
    moment_column("expires"),
    UniqueConstraint("digest"),
)


def from_row(row: Row[Any]) -> RootReset:
    return RootReset(
        account=row.account,
        digest=row.digest,
        remove_mfa=row.remove_mfa,
        created=read_moment(row.created),
        expires=read_moment(row.expires),
    )


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
