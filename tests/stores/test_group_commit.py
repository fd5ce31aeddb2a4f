"""Units of work that are committed together: each is made or refused alone, and none is made before the commit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from typing import NoReturn, cast

import psycopg
import pytest
from sqlalchemy import RootTransaction
from sqlalchemy.exc import OperationalError

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.store import group_commit
from carnet.store.databases.backend import outages
from carnet.store.faults import Full, OutcomeUnknown, Taken
from carnet.store.group_commit import Group
from carnet.store.rows.users import USERS
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork
from tests.stores.entities import a_user, an_account


def users_of(store: Store) -> set[str]:
    return {change.key for change in store.load().changes if change.type is USERS}


def add(group: Group, *numbers: int, then: Callable[[], object] = lambda: None) -> UnitOfWork:
    """A unit that adds users."""
    with group.unit() as unit:
        for number in numbers:
            unit.add(a_user(number))
            unit.audit({"number": number})
        then()
    return unit


def add_each(store: Store, *numbers: int) -> list[UnitOfWork]:
    """A group of units that add one user each."""
    with store.group() as group:
        return [add(group, number) for number in numbers]


def fail() -> NoReturn:
    raise ZeroDivisionError


def test_each_unit_has_its_own_revision_and_all_are_one_chain(store: Store) -> None:
    beginning = store.revision()
    an_account(store)
    units = []
    with store.group() as group:
        for number in range(1, 4):
            with group.unit() as unit:
                assert unit.seq == number
                unit.add(a_user(number))
                unit.audit({"number": number})
            units.append(unit)
            assert unit.committed is None, "nothing is committed yet"
    committed = [unit.committed for unit in units]
    assert [changes.revision.seq for changes in committed if changes is not None] == [2, 3, 4]
    assert [changes.base for changes in committed[1:] if changes is not None] == [
        changes.revision for changes in committed[:-1] if changes is not None
    ]
    assert store.revision() == group.revision
    assert store.changes_since(beginning).base == beginning, "the log has a gap or a fork"
    assert list(store.audit_events()) == [(seq, {"number": seq - 1}) for seq in (2, 3, 4)]


def test_a_unit_that_fails_fails_alone_and_takes_no_revision(store: Store) -> None:
    an_account(store)
    with store.group() as group:
        add(group, 1)
        with pytest.raises(ZeroDivisionError):
            add(group, 2, then=fail)
        with pytest.raises(Taken):
            add(group, 3, 1)
        with group.unit() as unit:
            unit.audit({"number": "of nothing"})
        add(group, 4)
    assert users_of(store) == {a_user(1).id, a_user(4).id}
    assert list(store.audit_events()) == [(2, {"number": 1}), (3, {"number": 4})]
    assert store.revision().seq == 3


def add_and_hide_a_fault(group: Group, number: int, taken: int) -> None:
    with group.unit() as unit:
        unit.add(a_user(number))
        with suppress(Taken):
            unit.add(a_user(taken))


def test_a_fault_that_the_block_hides_fails_the_unit(store: Store) -> None:
    an_account(store)
    with store.group() as group:
        add(group, 1)
        with pytest.raises(Taken):
            add_and_hide_a_fault(group, 2, taken=1)
    assert users_of(store) == {a_user(1).id}


def test_a_group_of_which_nothing_is_left_leaves_no_trace(store: Store) -> None:
    an_account(store)
    before = store.revision()
    with store.group() as group, suppress(ZeroDivisionError):
        add(group, 1, then=fail)
    assert store.revision() == before
    assert users_of(store) == set()


def test_nothing_is_seen_before_the_commit(store: Store, database: str) -> None:
    an_account(store)
    with closing(Store.open(database)) as other:
        directory = Directory(other)
        before = store.revision()
        with store.group() as group:
            add(group, 1)
            add(group, 2)
            assert other.revision() == directory.catch_up().revision == before
        assert directory.catch_up().revision == group.revision


def test_a_fault_of_the_commit_is_one_of_all_units(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    an_account(store)
    before = store.revision()

    def lost(transaction: RootTransaction) -> NoReturn:
        transaction.rollback()
        raise OutcomeUnknown

    with monkeypatch.context() as patched:
        patched.setattr(group_commit, "_commit", lost)
        with pytest.raises(OutcomeUnknown):
            add_each(store, 1, 2)
    assert store.revision() == before
    assert [unit.committed is not None for unit in add_each(store, 1)] == [True]
    assert users_of(store) == {a_user(1).id}


@pytest.mark.parametrize(("severity", "told"), [("ERROR", Full), ("FATAL", OutcomeUnknown), ("PANIC", OutcomeUnknown)])
def test_a_server_without_room_that_ends_may_have_made_the_commit(severity: str, told: type[Unavailable]) -> None:
    """PostgreSQL ends (PANIC) if its log has no room for what follows the record of a commit, which is written then."""
    full = psycopg.errors.DiskFull(
        "could not write to file: No space left on device",
        info={psycopg.pq.DiagnosticField.SEVERITY_NONLOCALIZED: severity.encode()},
    )

    class Ended:
        def commit(self) -> NoReturn:
            raise OperationalError("COMMIT", {}, full)

    with pytest.raises(told), outages():
        group_commit._commit(cast("RootTransaction", Ended()))


def test_a_transaction_that_the_database_gave_up_is_not_gone_on_with(store: Store) -> None:
    """SQLite gives one up when the disk is full, say; it would then commit each further statement by itself."""
    an_account(store)
    before = store.revision()

    def give_up(group: Group) -> NoReturn:
        group._savepoints.execute("ROLLBACK")
        fail()

    def go_on_without_it() -> None:
        with store.group() as group:
            add(group, 1)
            with suppress(Unavailable):
                add(group, 2, then=lambda: give_up(group))
            assert group.broken

    with pytest.raises(Unavailable):
        go_on_without_it()
    assert store.revision() == before
    assert users_of(store) == set()
    add_each(store, 3)
    assert users_of(store) == {a_user(3).id}
