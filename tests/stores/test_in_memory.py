"""The store in memory keeps the contract of the others, and stays in its process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.store.changes import Revision
from carnet.store.databases import sqlite_memory
from carnet.store.store import Store
from tests.stores.entities import ACCOUNT_ID, a_user, an_account
from tests.stores.test_last_used import *  # noqa: F403 - the suite that holds for every store
from tests.stores.test_unit_of_work import *  # noqa: F403
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    yield opened
    opened.close()


def test_two_are_two_stores_and_a_closed_one_is_gone(store: Store) -> None:
    an_account(store)
    other = Store.in_memory()
    assert other.load().changes == ()
    other.close()
    assert len(store.load().changes) == 1


def test_the_directory_catches_up_within_a_write(store: Store) -> None:
    directory = Directory(store)
    an_account(store)
    with store.write() as unit:
        assert directory.catch_up(unit.base).account(ACCOUNT_ID) is not None
        unit.add(a_user(1))
    directory.apply(unit.committed)
    assert directory.snapshot.revision == store.revision()


def test_who_writes_reads_nothing_that_is_not_committed(store: Store) -> None:
    an_account(store)
    with store.write() as unit:
        unit.add(a_user(1))
        with pytest.raises(Unavailable):
            store.load()
    assert len(store.load().changes) == 2


def test_a_reader_waits_for_the_writer_and_sees_all_of_it(store: Store) -> None:
    an_account(store)
    written, go_on = Event(), Event()

    def write() -> None:
        with store.write() as unit:
            unit.add(a_user(1))
            written.set()
            assert go_on.wait(PATIENCE_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        assert written.wait(PATIENCE_SECONDS)
        reading = pool.submit(store.revision)
        with pytest.raises(TimeoutError):
            reading.result(0.2)
        go_on.set()
        writing.result(PATIENCE_SECONDS)
        assert reading.result(PATIENCE_SECONDS) == store.revision()
    assert store.revision().seq == 2


def test_who_waits_too_long_is_told_and_leaves_the_store_in_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_memory, "_BUSY_SECONDS", 0.1)

    def ask() -> Revision:
        return store.revision()

    with ThreadPoolExecutor(1) as pool:
        with store.write(), pytest.raises(Unavailable):
            pool.submit(ask).result(PATIENCE_SECONDS)
        assert pool.submit(ask).result(PATIENCE_SECONDS) == store.revision()


def test_a_commit_is_seen_by_who_polls(store: Store) -> None:
    before = store.poll()
    an_account(store)
    after = store.poll()
    assert after != before
    with store.write():
        pass
    store.revision()
    assert store.poll() == after
