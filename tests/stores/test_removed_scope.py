"""An account is removed with every row of its scope, in one change."""

from __future__ import annotations

import pytest

from carnet.base.faults import Missing
from carnet.directory.directory import Directory
from carnet.entities.scope import account_scope
from carnet.services.account_removal import delete_account
from carnet.store.faults import Occupied
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, ALL, DATA_KEY, NOW, add_all, an_account

OTHER = "999988887777"


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as unit:
        add_all(unit)
    an_account(store, OTHER)
    return store


def test_all_rows_of_the_account_go_and_no_others(filled: Store) -> None:
    directory, before = Directory(filled), filled.revision()
    assert delete_account(filled, account=ACCOUNT_ID, now=NOW) == len(ALL) - 1
    assert filled.revision().seq == before.seq + 1
    assert not any(filled.counts(account_scope(ACCOUNT_ID)).values())
    assert set(directory.catch_up().accounts) == {OTHER}
    assert [key.kid for key in filled.data_keys()] == [DATA_KEY.kid]


def test_one_that_is_not_there_is_missing(filled: Store) -> None:
    before = filled.revision()
    with pytest.raises(Missing, match="There is no account 123456789012"):
        delete_account(filled, account="123456789012", now=NOW)
    assert filled.revision() == before


def test_rows_that_cannot_be_read_go_too(filled: Store, database: str) -> None:
    raw.execute(database, "UPDATE users SET tags = 'no json'")
    assert delete_account(filled, account=ACCOUNT_ID, now=NOW) == len(ALL) - 1
    assert not Directory(filled).snapshot.quarantined


def test_rows_of_a_kind_that_is_not_known_keep_the_account(filled: Store, database: str) -> None:
    raw.execute(database, "CREATE TABLE badges (id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id))")
    raw.execute(database, "INSERT INTO badges VALUES ('b', :account)", {"account": ACCOUNT_ID})
    before = filled.revision()
    with pytest.raises(Occupied):
        delete_account(filled, account=ACCOUNT_ID, now=NOW)
    assert filled.revision() == before
    assert filled.counts(account_scope(ACCOUNT_ID))["user"] == 1
