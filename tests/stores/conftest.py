"""The contract suite runs every test over SQLite and over a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from carnet.store.store import Store
from tests.stores.migrated import lay_out
from tests.stores.postgresql import PostgresqlServer, running_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    yield from running_server()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, or of an empty store if the test asks for one."""
    with new_database(request, tmp_path / "carnet.db", migrated="store" in request.fixturenames) as url:
        yield url


@contextmanager
def new_database(request: pytest.FixtureRequest, path: Path, *, migrated: bool = False) -> Iterator[str]:
    """The URL of a new database of the kind that `request` has for a parameter, until the block ends."""
    if request.param == "sqlite":
        if migrated:
            lay_out(path)
        yield f"sqlite:///{path}"
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.new_store() if migrated else server.new_database()
        yield url
        server.drop(url)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store.open(database)
    yield opened
    opened.close()
