"""A release beside a newer one: what it does not know stops nobody, and nothing is allowed past it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from carnet.directory.directory import Directory
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.scope import INSTALLATION, Scope, ScopeKind, account_scope
from carnet.entities.user import User
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, KEY, NOW, a_user, an_account
from tests.stores.invented import ORGANIZATION_ID, TYPES, Curfew, Guardrail, Note, a_badge, make_tables

OTHER_ID = "444455556666"
HERE = account_scope(ACCOUNT_ID)


@pytest.fixture
def newer(database: str) -> Iterator[Store]:
    """A release that knows the invented kinds, on a store with two accounts."""
    make_tables(database)
    with closing(Store.open(database, types=TYPES, known_everywhere=lambda _connection, _kind: True)) as store:
        an_account(store)
        an_account(store, OTHER_ID)
        yield store


@pytest.fixture
def older(newer: Store, database: str) -> Iterator[Store]:
    """This release, running beside it."""
    with closing(Store.open(database)) as store:
        yield store


def _write(store: Store, *added: object) -> None:
    with store.write() as unit:
        for entity in added:
            unit.add(entity)


def _remove(store: Store, *removed: object) -> None:
    with store.write() as unit:
        for entity in removed:
            unit.remove(entity)


def _accounts(directory: Directory) -> set[str]:
    return set(directory.catch_up().accounts)


def test_an_unknown_kind_that_decides_holds_its_account_back_and_no_other(newer: Store, older: Store) -> None:
    directory = Directory(older)
    _write(newer, a_badge(1))
    assert _accounts(directory) == {OTHER_ID}
    assert directory.snapshot.quarantined == {HERE}
    assert directory.snapshot.revision == newer.revision()


def test_later_revocations_are_seen_and_writes_work(newer: Store, older: Store) -> None:
    key = replace(KEY, account=OTHER_ID)
    _write(newer, key)
    directory = Directory(older)
    assert directory.snapshot.accounts[OTHER_ID].of(AccessKey).get(key.id) == key
    _write(newer, a_badge(1))
    directory.catch_up()
    _remove(newer, key)
    assert directory.catch_up().accounts[OTHER_ID].of(AccessKey).get(key.id) is None
    with older.write() as unit:
        directory.catch_up(unit.base)
        unit.add(a_user(1, account=OTHER_ID))
    directory.apply(unit.committed)
    assert len(directory.snapshot.accounts[OTHER_ID].of(User)) == 1
    assert Directory(newer).snapshot.accounts[OTHER_ID].of(User).get(a_user(1).id) is not None


def test_it_stays_held_back_across_restarts_and_other_changes(newer: Store, older: Store, database: str) -> None:
    directory = Directory(older)
    _write(newer, a_badge(1))
    _write(newer, a_user(1))
    assert _accounts(directory) == _accounts(Directory(older)) == {OTHER_ID}
    with closing(Store.open(database)) as restarted:
        assert Directory(restarted).snapshot.quarantined == {HERE}
    with older.write() as unit:
        unit.add(a_user(2))
    directory.apply(unit.committed)
    assert directory.snapshot.quarantined == {HERE}


def test_a_release_that_knows_the_kind_reads_the_account_again(newer: Store, older: Store) -> None:
    _write(newer, a_badge(1))
    assert Directory(older).snapshot.quarantined
    upgraded = Directory(newer).snapshot
    assert not upgraded.quarantined
    assert set(upgraded.accounts) == {ACCOUNT_ID, OTHER_ID}


def test_an_account_comes_back_whole_when_the_unknown_is_gone(newer: Store, older: Store) -> None:
    _write(newer, a_user(1))
    directory = Directory(older)
    _write(newer, a_badge(1), a_badge(2))
    directory.catch_up()
    _write(newer, a_user(2))
    _remove(newer, a_badge(1))
    assert _accounts(directory) == {OTHER_ID}
    _remove(newer, a_badge(2))
    assert _accounts(directory) == {ACCOUNT_ID, OTHER_ID}
    assert {user.id for user in directory.snapshot.accounts[ACCOUNT_ID].of(User)} == {a_user(1).id, a_user(2).id}
    assert not directory.snapshot.quarantined


def test_what_came_and_went_between_two_looks_holds_nothing_back(newer: Store, older: Store) -> None:
    directory = Directory(older)
    _write(newer, a_badge(1))
    _write(newer, a_user(1))
    _remove(newer, a_badge(1))
    assert len(directory.catch_up().accounts[ACCOUNT_ID].of(User)) == 1


def test_an_unknown_kind_that_does_not_decide_is_advanced_over(newer: Store, older: Store) -> None:
    directory = Directory(older)
    _write(newer, Note(id="n-1"), a_user(1))
    for snapshot in (directory.catch_up(), Directory(older).snapshot):
        assert not snapshot.quarantined
        assert len(snapshot.accounts[ACCOUNT_ID].of(User)) == 1
        assert snapshot.revision == newer.revision()


@pytest.mark.parametrize(
    ("entity", "scope", "shown"),
    [
        (Guardrail(id="g-1", text="no"), Scope(ScopeKind.ORGANIZATION, ORGANIZATION_ID), {ACCOUNT_ID, OTHER_ID}),
        (Guardrail(id="g-1", organization="", text="no"), INSTALLATION, set[str]()),
        (Guardrail(id="g-1", organization="x-unheard-of", text="no"), INSTALLATION, set[str]()),
        (Curfew(id="c-1"), INSTALLATION, set[str]()),
    ],
)
def test_an_unknown_kind_holds_back_its_organization_or_everything(
    newer: Store, older: Store, entity: object, scope: Scope, shown: set[str]
) -> None:
    directory = Directory(older)
    _write(newer, entity)
    for snapshot in (directory.catch_up(), Directory(older).snapshot):
        assert snapshot.quarantined == {scope}
        assert set(snapshot.accounts) == shown
    _write(newer, a_user(1))
    _remove(newer, entity)
    snapshot = directory.catch_up()
    assert not snapshot.quarantined
    assert set(snapshot.accounts) == {ACCOUNT_ID, OTHER_ID}
    assert len(snapshot.accounts[ACCOUNT_ID].of(User)) == 1


EXPANSION = (
    "CREATE TABLE novelties (id TEXT PRIMARY KEY)",
    "ALTER TABLE users ADD COLUMN novelty TEXT",
    "ALTER TABLE changes ADD COLUMN novelty BIGINT",
    "UPDATE alembic_version SET version_num = '9999'",
)


def test_a_store_that_a_newer_release_has_only_added_to_is_opened_and_followed(older: Store, database: str) -> None:
    running = Directory(older)
    for statement in EXPANSION:
        raw.execute(database, statement)
    with closing(Store.open(database)) as opened:
        directory = Directory(opened)
        _write(opened, a_user(1))
        _write(older, Account(id="7" * 12, name="a", email="a@example.com", created=NOW))
        for each in (running, directory):
            assert _accounts(each) == {ACCOUNT_ID, OTHER_ID, "7" * 12}
            assert len(each.snapshot.accounts[ACCOUNT_ID].of(User)) == 1
