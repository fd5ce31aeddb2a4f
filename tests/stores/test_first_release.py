"""A store of the first release is opened with all that is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from carnet.directory.directory import Directory
from carnet.entities.user import User
from carnet.store.changes import Revision
from carnet.store.store import Store
from tests.stores import first_release
from tests.stores.entities import ACCOUNT_ID, DATA_KEY, a_user


@pytest.fixture
def old(database: str) -> Iterator[Store]:
    first_release.create(database)
    with closing(Store.open(database)) as store:
        yield store


def test_everything_is_there(old: Store) -> None:
    snapshot = Directory(old).snapshot
    assert not snapshot.quarantined
    view = snapshot.by_alias("example")
    assert view is not None
    alice = view.of(User).named("alice")
    assert alice is not None
    assert dict(alice.tags) == {"team": "blue"}
    assert [key.kid for key in old.data_keys()] == [DATA_KEY.kid]


def test_its_log_goes_on_as_one_chain(old: Store) -> None:
    beginning = Revision(0, first_release.EPOCH, b"")
    with old.write() as unit:
        unit.add(a_user(2))
    told = old.changes_since(beginning)
    assert told.base == beginning
    assert {change.key for change in told.changes} == {ACCOUNT_ID, "AIDA1", DATA_KEY.kid, a_user(2).id}


def test_it_opens_again_and_is_written(old: Store, database: str) -> None:
    directory = Directory(old)
    with closing(Store.open(database)) as again, again.write() as unit:
        unit.add(a_user(2))
    assert len(directory.catch_up().accounts[ACCOUNT_ID].of(User)) == 2
