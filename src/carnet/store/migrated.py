"""How far a database is migrated, which is asked without Alembic each time that a store is opened."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from carnet.store import head, kinds
from carnet.store.databases.backend import Backend
from carnet.store.entity_types import EntityTypes

SCRIPTS = Path(__file__).parent / "migrations"
_ALEMBIC_VERSION = table("alembic_version", column("version_num"))
"""Alembic's own table."""


def is_set_up(backend: Backend) -> bool:
    """Whether the database has Carnet's tables, of whatever version."""
    with backend.reader.connect() as connection:
        return inspect(connection).has_table(head.HEAD.name)


def is_migrated(backend: Backend, types: EntityTypes) -> bool:
    """Whether nothing is left for `migrate` to do: the tables are this version's, and its kinds are written down."""
    if not is_set_up(backend):
        return False
    with backend.reader.connect() as connection, connection.begin():
        return revision(connection) == newest_migration() and kinds.are_recorded(connection, types)


@cache
def newest_migration() -> str:
    """The number of this version's newest migration: their files are called `vNNNN_...`, one after the other."""
    return max(migrations())


@cache
def migrations() -> frozenset[str]:
    """The numbers of all migrations that this version knows."""
    return frozenset(path.name[1:5] for path in SCRIPTS.glob("versions/v[0-9][0-9][0-9][0-9]_*.py"))


def revision(connection: Connection) -> str | None:
    """The number of the newest migration that the database has; None if it has none."""
    if not inspect(connection).has_table(_ALEMBIC_VERSION.name):
        return None
    return connection.scalar(select(_ALEMBIC_VERSION.c.version_num))
