"""Rows of console authorization."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.console_authorization import ConsoleAuthorization
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, own_id, owning_account

TABLE = Table(
    "console_authorizations",
    METADATA,
    own_id(),
    owning_account(),
    moment("enabled"),
)


def from_row(row: Row[Any]) -> ConsoleAuthorization:
    return ConsoleAuthorization(id=row.id, account=row.account, enabled=read_moment(row.enabled))


CONSOLE_AUTHORIZATIONS = EntityType(
    entity=ConsoleAuthorization,
    kind="console authorization",
    table=TABLE,
    from_row=from_row,
    decides=True,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
