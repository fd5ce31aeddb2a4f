"""How a SQLite file is opened."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from carnet.store.databases.sqlite import Sqlite
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.laying_out import set_up_if_new
from carnet.store.store import Store
from tests.stores.entities import an_account

FULL = 2


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Sqlite]:
    backend = Sqlite(make_url(f"sqlite:///{tmp_path / 'carnet.db'}"))
    set_up_if_new(backend, ENTITY_TYPES)
    yield backend
    backend.close()


@pytest.mark.parametrize("side", ["writer", "reader"])
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", FULL),
        ("busy_timeout", 5000),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
    ],
)
def test_each_connection_is_set_to_lose_nothing(backend: Sqlite, side: str, pragma: str, value: object) -> None:
    engine: Engine = getattr(backend, side)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_writer_holds_the_lock_from_its_first_moment(backend: Sqlite, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "carnet.db", timeout=0)
    with backend.writer.begin(), closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")


def test_a_reader_sees_one_state_throughout(backend: Sqlite) -> None:
    count = "SELECT count(*) FROM role_use"
    with backend.reader.begin() as reader:
        before = reader.exec_driver_sql(count).scalar()
        with backend.writer.begin() as writer:
            writer.exec_driver_sql("INSERT INTO role_use (role_id, last_used, region) VALUES ('AROA1', 1, '')")
        assert reader.exec_driver_sql(count).scalar() == before
    with backend.reader.begin() as reader:
        assert reader.exec_driver_sql(count).scalar() == 1


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    with closing(Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")) as store:
        an_account(store)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(["carnet.db", "carnet.db-wal", "carnet.db-shm"], 0o600)


def test_polling_tells_of_commits_and_of_nothing_else(tmp_path: Path) -> None:
    with closing(Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")) as store:
        first = store.poll()
        assert store.poll() == first
        with store.write():
            pass
        assert store.poll() == first
        an_account(store)
        assert store.poll() != first
