"""What a reader of the change log is told, on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from carnet.entities.scope import account_scope
from carnet.store.changes import NOWHERE, Revision
from carnet.store.faults import Lost, WentBack
from carnet.store.head import UNKNOWN_MOMENT
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, ALL, NOW, a_group, a_user, add_all, an_account


def _history(store: Store) -> Revision:
    """Three writes; the revision before the first."""
    beginning = store.revision()
    an_account(store)
    with store.write() as unit:
        unit.add(a_user(1))
        unit.add(a_user(2))
    with store.write() as unit:
        unit.remove(a_user(1))
        unit.save(a_user(2, path="/now/"))
        unit.add(a_group(1))
    return beginning


def test_a_reader_gets_each_touched_row_once_as_it_is_now(store: Store) -> None:
    beginning = _history(store)
    told = store.changes_since(beginning)
    assert told.base == beginning
    assert told.revision == store.revision()
    entities = {change.key: change.entity for change in told.changes}
    assert len(told.changes) == len(entities) == 4
    assert entities[a_user(1).id] is None
    assert entities[a_user(2).id] == a_user(2, path="/now/")
    assert entities[a_group(1).id] == a_group(1)


def test_a_reader_who_is_there_is_told_nothing(store: Store) -> None:
    _history(store)
    told = store.changes_since(store.revision())
    assert (told.base, told.changes) == (store.revision(), ())


def test_a_reader_from_nowhere_is_told_everything(store: Store) -> None:
    _history(store)
    assert store.changes_since(NOWHERE) == store.load()


def test_what_the_writer_says_it_committed_is_what_readers_are_told(store: Store) -> None:
    with store.write() as unit:
        add_all(unit)
    assert unit.committed is not None
    told = store.changes_since(unit.base)
    assert told.revision == unit.committed.revision
    assert set(map(repr, told.changes)) == set(map(repr, unit.committed.changes))


DAMAGES = {
    "another life of the database (restored)": "UPDATE head SET epoch = 'other'",
    "a row of the log lost": "DELETE FROM changes WHERE seq = 2",
    "a part of a transaction lost": "DELETE FROM changes WHERE seq = 2 AND ordinal = 1",
    "a row of the log edited": "UPDATE changes SET key = 'AIDA9' WHERE seq = 3 AND ordinal = 0",
    "a row said to decide nothing": "UPDATE changes SET decides = false WHERE seq = 3 AND ordinal = 0",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_log_that_does_not_lead_here_makes_the_reader_start_anew(store: Store, database: str, damage: str) -> None:
    beginning = _history(store)
    assert store.changes_since(beginning).base == beginning
    raw.execute(database, DAMAGES[damage])
    told = store.changes_since(beginning)
    assert told.base is None
    assert {change.key for change in told.changes} == {ACCOUNT_ID, a_user(2).id, a_group(1).id}


def test_a_reader_from_a_lost_timeline_is_told_that_the_store_went_back(store: Store, database: str) -> None:
    beginning = _history(store)
    here = store.revision()
    for stranger in (
        replace(here, hash=b"another"),
        replace(here, seq=here.seq - 1, hash=b"another"),
        replace(here, seq=here.seq + 1),
    ):
        with pytest.raises(WentBack):
            store.changes_since(stranger)
        assert not store.has_been_at(stranger)
        assert store.changes_since(replace(stranger, epoch="another")).base is None  # it was restored
    assert store.has_been_at(here)
    assert store.has_been_at(beginning)
    raw.execute(database, "UPDATE head SET seq = 2")
    with pytest.raises(WentBack):
        store.changes_since(here)


def test_another_installation_in_the_place_of_the_store_is_not_read(store: Store, database: str) -> None:
    beginning = _history(store)
    assert store.changes_since(beginning).changes
    raw.execute(database, "UPDATE head SET epoch = 'other'")
    assert store.changes_since(beginning).base is None
    raw.execute(database, "UPDATE head SET epoch = 'further', installation = 'another'")
    for read in (store.load, lambda: store.changes_since(beginning)):
        with pytest.raises(Lost):
            read()


def test_the_head_keeps_the_latest_moment_that_a_writer_trusted(store: Store) -> None:
    assert store.standing().at == UNKNOWN_MOMENT
    an_account(store)
    for number, (minutes, latest) in enumerate(((5, 5), (3, 5), (6, 6))):
        trusted = NOW + timedelta(minutes=minutes)
        store.trusted = partial(lambda told: told, trusted)
        with store.write() as unit:
            unit.add(a_user(number))
        assert store.standing().at == NOW + timedelta(minutes=latest)


def test_a_reader_from_before_the_oldest_row_of_the_log_starts_anew(store: Store, database: str) -> None:
    beginning = _history(store)
    with store.write() as unit:
        unit.add(a_user(3))
    raw.execute(database, "DELETE FROM changes WHERE seq <= 2")
    assert store.changes_since(beginning).base is None
    assert store.changes_since(unit.base).base == unit.base


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE users SET tags = '[]'",
        "UPDATE users SET inline = '{\"a\": 1}'",
        "UPDATE users SET attached = 'not json'",
        "UPDATE users SET groups = '[1]'",
    ],
)
def test_a_row_that_cannot_be_read_condemns_its_account_and_no_other(store: Store, database: str, damage: str) -> None:
    beginning = _history(store)
    raw.execute(database, damage)
    an_account(store, "444455556666")
    for told in (store.load(), store.changes_since(beginning)):
        assert told.unreadable == {account_scope(ACCOUNT_ID)}
        assert "444455556666" in {change.key for change in told.changes}


def test_a_policy_without_its_version_in_force_cannot_be_read(store: Store, database: str) -> None:
    with store.write() as unit:
        add_all(unit)
    raw.execute(database, "UPDATE policies SET default_version = 2")
    assert store.load().unreadable == {account_scope(ACCOUNT_ID)}


@pytest.mark.parametrize(
    "damage", ["UPDATE data_keys SET state = 'unheard of'", "UPDATE instance_profiles SET tags = '['"]
)
def test_a_row_that_no_decision_depends_on_is_left_out_alone(store: Store, database: str, damage: str) -> None:
    with store.write() as unit:
        add_all(unit)
    raw.execute(database, damage)
    for told in (store.load(), store.changes_since(unit.base)):
        assert told.unreadable == frozenset()
        assert len([change for change in told.changes if change.entity is not None]) == len(ALL) - 1
