"""Bringing a database to this version's tables, or finding that this version can work with those of a newer one."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from carnet.store import compatibility, head, kinds
from carnet.store.databases.backend import Backend
from carnet.store.entity_types import EntityTypes
from carnet.store.faults import Incompatible
from carnet.store.migrated import SCRIPTS, newest_migration


def alembic_config() -> Config:
    """Alembic's settings; the connection goes into `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(backend: Backend, types: EntityTypes) -> None:
    """Run the missing migrations in one transaction, while no other process does; begin the log of a new database.

    A database that a newer version has migrated stays as it is. Raises Incompatible if this version cannot work with
    its tables, or if they are none of Carnet's.
    """
    with backend.writer.begin() as connection:
        backend.lock_schema(connection)
        if is_known(connection):
            upgrade(connection, "head")
        elif not compatibility.reaches(connection, newest_migration()):
            raise Incompatible("The database was not made by this version of Carnet, or for it to work with.")
        head.create_if_absent(connection)
        kinds.record(connection, types)


def upgrade(connection: Connection, revision: str) -> None:
    """Run the migrations that are missing up to a revision, within the connection's transaction."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def is_known(connection: Connection) -> bool:
    """Whether the database stands at a migration of this version's, or at none."""
    scripts = ScriptDirectory.from_config(alembic_config())
    current = MigrationContext.configure(connection).get_current_revision()
    return current is None or current in {each.revision for each in scripts.walk_revisions()}
