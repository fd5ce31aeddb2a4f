"""The migrations make exactly the tables that the code describes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, inspect, make_url, text

from carnet.store.databases import postgresql
from carnet.store.faults import Incompatible, NotSetUp
from carnet.store.laying_out import lay_out
from carnet.store.migrate import alembic_config, upgrade
from carnet.store.migrated import newest_migration
from carnet.store.schema import METADATA
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.postgresql import PostgresqlServer

_IN_ORDER = (*range(1, 43), 45, 47, 48, 50, 51, 52, 56, 59, 60)
"""The numbers of the migrations. INVARIANT: one is only added at the end, whatever numbers are left free before it: a
store that stands behind its place never runs it, as 0048 was missing where 0050 had been run."""


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def test_nothing_differs_from_the_described_tables(database: str) -> None:
    with _connected(database) as connection:
        upgrade(connection, "head")
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_the_newest_migration_is_found_without_alembic() -> None:
    assert newest_migration() == ScriptDirectory.from_config(alembic_config()).get_current_head()


def test_a_migration_follows_all_that_were_ever_run() -> None:
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    assert tuple(int(each.revision) for each in reversed(list(scripts))) == _IN_ORDER


@pytest.mark.parametrize("stood_at", ["0050", "0052", "0056"])
def test_a_store_that_passed_over_a_migration_gets_its_table(database: str, stood_at: str) -> None:
    with _connected(database) as connection:
        upgrade(connection, stood_at)
        connection.execute(text("DROP TABLE request_signings"))
        upgrade(connection, "head")
        migrated = _described(connection), _rows(connection)
        _empty(connection)
        lay_out(connection)
        assert (_described(connection), _rows(connection)) == migrated


def test_opening_what_is_migrated_waits_for_no_writer(store: Store, database: str) -> None:
    with store.write(), closing(Store.open(database, create=False)) as opened:
        assert opened.revision() == store.revision()


def _described(connection: Connection) -> dict[str, Any]:
    """Keys and constraints, which the comparison above leaves out in part."""
    inspector = inspect(connection)
    return {
        table: (
            inspector.get_pk_constraint(table),
            inspector.get_foreign_keys(table),
            sorted(inspector.get_unique_constraints(table), key=repr),
            sorted(inspector.get_check_constraints(table), key=repr),
            sorted(inspector.get_indexes(table), key=repr),
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)],
        )
        for table in inspector.get_table_names()
    }


def _rows(connection: Connection) -> dict[str, list[Any]]:
    """Those of every table that has any."""
    tables = MetaData()
    tables.reflect(connection)
    read = {name: list(connection.execute(table.select())) for name, table in tables.tables.items()}
    return {name: [tuple(row) for row in rows] for name, rows in read.items() if rows}


def test_migrations_lead_to_what_a_new_database_is_made_of(database: str) -> None:
    with _connected(database) as connection:
        upgrade(connection, "head")
        migrated = _described(connection), _rows(connection)
        _empty(connection)
        lay_out(connection)
        assert (_described(connection), _rows(connection)) == migrated


def test_a_new_database_is_made_without_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from carnet.store.store import Store; Store.open(sys.argv[1]); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'carnet.db'}"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "False\n"


def _empty(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    tables.drop_all(connection)


def test_opening_again_keeps_everything(store: Store, database: str) -> None:
    before = store.revision()
    again = Store.open(database)
    assert again.revision() == before
    again.close()


def test_what_is_set_up_opens_without_leave_to_create(store: Store, database: str) -> None:
    again = Store.open(database, create=False)
    assert again.revision() == store.revision()
    again.close()


def test_without_leave_to_create_nothing_is_made(database: str, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(NotSetUp, match="There is no installation at "):
            Store.open(database, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_told(postgresql_server: PostgresqlServer) -> None:
    url = make_url(postgresql_server.new_database()).set(password="secret")
    with pytest.raises(NotSetUp) as caught:
        Store.open(url.render_as_string(hide_password=False), create=False)
    assert ":***@" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("damage", ["UPDATE compatibility SET since = '9998'", "DROP TABLE compatibility"])
def test_a_database_that_a_newer_version_has_changed_is_refused(store: Store, database: str, damage: str) -> None:
    raw.execute(database, "UPDATE alembic_version SET version_num = '9999'")
    Store.open(database).close()
    raw.execute(database, damage)
    with pytest.raises(Incompatible):
        Store.open(database)


@pytest.mark.parametrize("url", ["mysql://localhost/carnet", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"database|file"):
        Store.open(url)


def test_who_opens_a_store_waits_for_one_that_migrates_it(postgresql_server: PostgresqlServer) -> None:
    url = f"{postgresql_server.new_database()}&options=-c%20lock_timeout%3D100"
    opened: list[Store] = []
    with psycopg.connect(url) as migrating, ThreadPoolExecutor(1) as pool:
        migrating.execute("SELECT pg_advisory_xact_lock(%s)", [postgresql._SCHEMA_LOCK])
        opening = pool.submit(lambda: opened.append(Store.open(url)))
        time.sleep(0.5)
        assert not opening.done()
        migrating.rollback()
        opening.result()
    opened[0].close()
