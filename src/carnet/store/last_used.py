"""When access keys and roles were last used.

Traffic writes these, so they stand in tables of their own, are written in batches and never touch the head row. Rows
of deleted keys stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from sqlalchemy import Connection, Table, select

from carnet.store.codec import RowValues, moment, read_moment
from carnet.store.schema import METADATA, own_id, text
from carnet.store.schema import moment as moment_column

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


class KeyUse(Struct, frozen=True):
    """The last request signed with an access key."""

    when: datetime
    service: str
    region: str


class RoleUse(Struct, frozen=True):
    """The last request made by a session of a role."""

    when: datetime
    region: str


KEY_USES = Table(
    "access_key_use", METADATA, own_id("key_id"), moment_column("last_used"), text("service"), text("region")
)
ROLE_USES = Table("role_use", METADATA, own_id("role_id"), moment_column("last_used"), text("region"))

Upsert: TypeAlias = "Callable[[Table], sqlite.Insert | postgresql.Insert]"
"""The database's own INSERT, the one that knows ON CONFLICT."""


def save_keys(connection: Connection, upsert: Upsert, uses: Mapping[str, KeyUse]) -> None:
    """Keep the newest use of each key."""
    rows: list[RowValues] = [
        {"key_id": key_id, "last_used": moment(use.when), "service": use.service, "region": use.region}
        for key_id, use in sorted(uses.items())  # sorted: two flushing processes lock rows in the same order
    ]
    _keep_newest(connection, upsert, KEY_USES, rows)


def save_roles(connection: Connection, upsert: Upsert, uses: Mapping[str, RoleUse]) -> None:
    """Keep the newest use of each role."""
    rows: list[RowValues] = [
        {"role_id": role_id, "last_used": moment(use.when), "region": use.region}
        for role_id, use in sorted(uses.items())
    ]
    _keep_newest(connection, upsert, ROLE_USES, rows)


def _keep_newest(connection: Connection, upsert: Upsert, table: Table, rows: Sequence[RowValues]) -> None:
    if not rows:
        return
    statement = upsert(table)
    values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_=values,
        where=statement.excluded.last_used > table.c.last_used,
    )
    connection.execute(statement, rows)


def load_keys(connection: Connection, since: datetime) -> dict[str, KeyUse]:
    """Key id to its last use, of the keys used at `since` or later."""
    query = select(KEY_USES).where(KEY_USES.c.last_used >= moment(since))
    return {
        row.key_id: KeyUse(read_moment(row.last_used), row.service, row.region) for row in connection.execute(query)
    }


def load_roles(connection: Connection, since: datetime) -> dict[str, RoleUse]:
    """Role id to its last use, of the roles used at `since` or later."""
    query = select(ROLE_USES).where(ROLE_USES.c.last_used >= moment(since))
    return {row.role_id: RoleUse(read_moment(row.last_used), row.region) for row in connection.execute(query)}
