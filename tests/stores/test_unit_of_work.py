"""What a write transaction promises, on every store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from carnet.base.faults import AlreadyExists, Fault, InUse, Invalid, Missing
from carnet.entities.account import Account
from carnet.entities.scope import account_scope
from carnet.store.faults import Absent, Occupied, Taken
from carnet.store.rows.data_keys import DATA_KEYS
from carnet.store.rows.groups import GROUPS
from carnet.store.rows.users import USERS
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork
from tests.stores.entities import ACCOUNT, ACCOUNT_ID, ALICE, ALL, DATA_KEY, NOW, a_group, a_user, add_all, an_account


def test_everything_written_is_read_back_equal(store: Store) -> None:
    with store.write() as unit:
        add_all(unit)
    loaded = store.load()
    assert {change.entity for change in loaded.changes if change.type is DATA_KEYS} == {DATA_KEY}
    assert sorted(map(repr, (change.entity for change in loaded.changes))) == sorted(map(repr, ALL))
    assert loaded.base is None
    assert loaded.unreadable == frozenset()
    assert store.data_keys() == (DATA_KEY,)


def test_many_are_written_at_once_in_whatever_order(store: Store) -> None:
    with store.write() as unit:
        unit.add_all(reversed(ALL))
    assert sorted(map(repr, (change.entity for change in store.load().changes))) == sorted(map(repr, ALL))
    assert unit.committed is not None
    assert len(unit.committed.changes) == len(ALL)


def test_many_are_written_or_none(store: Store) -> None:
    an_account(store)
    with store.write() as unit:
        unit.add(a_user(2))
    before = store.revision()
    with pytest.raises(Taken, match="user1"), store.write() as unit:
        unit.add_all([a_user(1), a_user(2), a_user(3)])
    with pytest.raises(Absent), store.write() as unit:
        unit.add_all([a_user(1, account="999999999999")])
    assert store.revision() == before


def test_what_is_owned_keeps_its_order(store: Store) -> None:
    with store.write() as unit:
        add_all(unit)
    (alice,) = (change.entity for change in store.load().changes if change.type is USERS)
    assert alice is not None
    assert list(alice.tags) == list(ALICE.tags)


def test_each_unit_that_changes_something_takes_the_next_number(store: Store) -> None:
    an_account(store)
    for number in range(1, 4):
        with store.write() as unit:
            assert unit.seq == number
            unit.add(a_user(number))
            unit.add(a_group(number))
        assert unit.committed is not None
        assert unit.committed.base == unit.base
        assert unit.committed.revision == store.revision()
        assert store.revision().seq == number + 1


def test_a_unit_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    an_account(store)
    before = store.revision()
    with store.write() as unit:
        unit.audit({"eventName": "Nothing"})
    assert unit.committed is None
    assert store.revision() == before
    assert store.audit_events() == ()


def test_a_unit_that_raises_leaves_no_trace(store: Store) -> None:
    an_account(store)
    before = store.load()

    def write() -> None:
        with store.write() as unit:
            unit.add(a_user(1))
            unit.audit({"eventName": "CreateUser"})
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert store.load() == before
    assert store.audit_events() == ()


def test_the_audit_event_is_kept_with_its_change(store: Store) -> None:
    an_account(store)
    with store.write() as unit:
        unit.add(a_user(1))
        unit.audit({"eventName": "CreateUser", "n": 1})
        unit.audit({"eventName": "CreateUser", "n": 2})
    assert store.audit_events(since=1) == (
        (2, {"eventName": "CreateUser", "n": 1}),
        (2, {"eventName": "CreateUser", "n": 2}),
    )


def test_changes_tell_each_row_once_and_as_it_is_last(store: Store) -> None:
    an_account(store)
    with store.write() as unit:
        unit.add(a_user(1))
        unit.save(a_user(1, path="/later/"))
        unit.add(a_group(1))
        unit.remove(a_group(1))
        (user, group) = unit.changes
    assert (user.type, user.scope, user.key, user.entity) == (
        USERS,
        account_scope(ACCOUNT_ID),
        a_user(1).id,
        a_user(1, path="/later/"),
    )
    assert (group.type, group.key, group.entity) == (GROUPS, a_group(1).id, None)


REFUSALS: dict[str, tuple[Callable[[UnitOfWork], object], type[Fault], str]] = {
    "a name in another case": (lambda unit: unit.add(replace(a_user(9), name="USER1")), Taken, "USER1"),
    "an id in use": (lambda unit: unit.add(replace(a_user(1), name="other")), Taken, "other"),
    "a rename onto a name in use": (lambda unit: unit.save(replace(a_user(2), name="User1")), Taken, "User1"),
    "saving what is not there": (lambda unit: unit.save(a_user(9)), Absent, "user9"),
    "removing what is not there": (lambda unit: unit.remove(a_user(9)), Absent, "user9"),
    "an account that is not there": (lambda unit: unit.add(a_user(9, account="9" * 12)), Absent, "9" * 12),
    "an account that is not empty": (lambda unit: unit.remove(ACCOUNT), Occupied, "example"),
    "an alias in use": (
        lambda unit: unit.add(Account(id="444455556666", name="", email="", created=NOW, alias="example")),
        Taken,
        "example",
    ),
}


@pytest.fixture
def peopled(store: Store) -> Store:
    with store.write() as unit:
        unit.add(ACCOUNT)
        unit.add(a_user(1))
        unit.add(a_user(2))
    return store


@pytest.mark.parametrize("case", REFUSALS)
def test_the_database_refuses(peopled: Store, case: str) -> None:
    do, fault, name = REFUSALS[case]
    before = peopled.load()

    def write() -> None:
        with peopled.write() as unit:
            do(unit)

    with pytest.raises(fault) as refused:
        write()
    assert getattr(refused.value, "name") == name  # noqa: B009 - Fault has no name, each of the three has
    assert isinstance(refused.value, AlreadyExists | Missing | InUse)
    assert peopled.load() == before


def test_a_refused_unit_cannot_be_committed_by_swallowing_the_fault(peopled: Store) -> None:
    before = peopled.load()

    def write() -> None:
        with peopled.write() as unit:
            unit.add(a_group(1))
            with pytest.raises(Taken):
                unit.add(replace(a_user(1), id="AIDA9"))
            with pytest.raises(Taken):
                unit.add(a_group(2))

    with pytest.raises(Taken):
        write()
    assert peopled.load() == before


def test_names_are_free_again_after_removal_and_in_other_accounts(peopled: Store) -> None:
    an_account(peopled, "444455556666")
    with peopled.write() as unit:
        unit.remove(a_user(1))
        unit.add(replace(a_user(1), id="AIDA9"))
        unit.add(replace(a_user(1, account="444455556666"), id="AIDA8"))
    assert unit.committed is not None


def test_names_that_only_unicode_thinks_alike_are_different(peopled: Store) -> None:
    with peopled.write() as unit:
        unit.add(replace(a_user(8), name="key"))
        unit.add(replace(a_user(9), name="\N{KELVIN SIGN}ey"))
    assert unit.committed is not None


def test_text_that_the_database_cannot_hold_is_the_callers_fault(peopled: Store) -> None:
    before = peopled.load()

    def write() -> None:
        with peopled.write() as unit:
            unit.add(replace(a_user(9), path="/\ud800/"))

    with pytest.raises(Invalid):
        write()
    assert peopled.load() == before
