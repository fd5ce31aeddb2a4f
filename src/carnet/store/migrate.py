"""Bringing a database to this version's tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import inspect

from carnet.store import head
from carnet.store.backend import Backend
from carnet.store.faults import Incompatible

_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Alembic's settings; the connection goes into `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def is_set_up(backend: Backend) -> bool:
    """Whether the database has Carnet's tables, of whatever version."""
    with backend.reader.connect() as connection:
        return inspect(connection).has_table(head.HEAD.name)


def migrate(backend: Backend) -> None:
    """Run the missing migrations in one transaction, while no other process does; begin the log of a new database.

    Raises Incompatible for a database that names a migration unknown here.
    """
    config = alembic_config()
    with backend.writer.begin() as connection:
        backend.lock_schema(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Incompatible("The database was not made by this version of Carnet or an older one.") from error
        head.create_if_absent(connection)
