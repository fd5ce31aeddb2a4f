"""The tables of a new database, made as the code describes them: no migration is run, and Alembic is not imported.

INVARIANT: they are the tables, and the rows, that all migrations make; `tests/stores/test_migrations.py` compares them.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert

from carnet.store import compatibility, head, kinds
from carnet.store.databases.backend import Backend
from carnet.store.entity_types import EntityTypes
from carnet.store.migrated import newest_migration, revision
from carnet.store.schema import METADATA

_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, as it makes it."""


def set_up_if_new(backend: Backend, types: EntityTypes) -> bool:
    """Make the tables of a database that no release has migrated, and begin its log; False if one has.

    It is one transaction, while no other process migrates.
    """
    with backend.writer.begin() as connection:
        backend.lock_schema(connection)
        if revision(connection) is not None:
            return False
        lay_out(connection)
        head.create_if_absent(connection)
        kinds.record(connection, types)
    return True


def lay_out(connection: Connection) -> None:
    """Make the tables in a database that has none of them."""
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(insert(compatibility.COMPATIBILITY), {"one": 1, "since": compatibility.SINCE})
    _VERSION.create(connection, checkfirst=False)
    connection.execute(insert(_VERSION), {"version_num": newest_migration()})
