"""The directory follows the store, and asks it no more than needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.entities.scope import Scope
from carnet.entities.user import User
from carnet.store.changes import Changes, Revision
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, a_user, an_account


class Asked:
    """Counts how often the store is asked, and is down when told to."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.down = False
        answer = store.changes_since

        def changes_since(base: Revision, held: frozenset[Scope]) -> Changes:
            self.times += 1
            if self.down:
                raise Unavailable("down")
            return answer(base, held)

        monkeypatch.setattr(store, "changes_since", changes_since)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'carnet.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(Store.open(url)) as store:
        an_account(store)
        yield store


@pytest.fixture
def directory(store: Store) -> Directory:
    return Directory(store)


@pytest.fixture
def asked(directory: Directory, store: Store, monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(store, monkeypatch)


def _write(store: Store, number: int) -> Changes | None:
    with store.write() as unit:
        unit.add(a_user(number))
    return unit.committed


def _users(directory: Directory) -> int:
    return len(directory.snapshot.accounts[ACCOUNT_ID].of(User))


def test_own_writes_are_applied_without_asking(store: Store, directory: Directory, asked: Asked) -> None:
    for number in range(1, 4):
        directory.apply(_write(store, number))
        assert _users(directory) == number
    assert asked.times == 0
    assert directory.snapshot.revision == store.revision()


def test_nothing_committed_is_nothing_to_apply(store: Store, directory: Directory, asked: Asked) -> None:
    before = directory.snapshot
    with store.write() as unit:
        pass
    directory.apply(unit.committed)
    assert directory.snapshot is before
    assert asked.times == 0


def test_what_does_not_follow_on_is_fetched(store: Store, directory: Directory, asked: Asked) -> None:
    first, second = _write(store, 1), _write(store, 2)
    directory.apply(second)
    assert (_users(directory), asked.times) == (2, 1)
    directory.apply(first)
    assert _users(directory) == 2
    assert directory.snapshot.revision == store.revision()


def test_applying_raises_nothing_while_the_store_is_down(store: Store, directory: Directory, asked: Asked) -> None:
    _write(store, 1)
    second = _write(store, 2)
    asked.down = True
    directory.apply(second)
    assert _users(directory) == 0
    with pytest.raises(Unavailable):
        directory.catch_up()
    asked.down = False
    assert directory.catch_up() is directory.snapshot
    assert _users(directory) == 2


def test_catching_up_to_where_it_stands_costs_nothing(store: Store, directory: Directory, asked: Asked) -> None:
    with store.write() as unit:
        assert directory.catch_up(unit.base) is directory.snapshot
    assert asked.times == 0


def test_what_another_process_made_is_missed_once(store: Store, directory: Directory, asked: Asked, url: str) -> None:
    directory.missed()
    asked.times = 0
    assert [directory.missed() for _ in range(3)] == [False] * 3
    assert asked.times == 0, "nobody has committed"
    with closing(Store.open(url)) as other:
        _write(other, 1)
    assert directory.missed()
    assert (_users(directory), asked.times) == (1, 1)
    assert [directory.missed() for _ in range(3)] == [False] * 3
    assert asked.times == 1


def test_what_is_made_while_it_is_asked_is_missed_next(
    store: Store, directory: Directory, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = directory.catch_up

    def overtaken() -> object:
        followed = catch_up()
        with closing(Store.open(url)) as other:
            _write(other, 2)
        return followed

    _write(store, 1)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(directory, "catch_up", overtaken)
        assert directory.missed()
    assert directory.missed()
    assert _users(directory) == 2


def test_of_a_store_that_cannot_be_asked_nothing_is_missed(store: Store, directory: Directory, asked: Asked) -> None:
    _write(store, 1)
    asked.down = True
    assert not directory.missed()
    asked.down = False
    assert directory.missed(), "it is asked again, although nobody has committed since"


@pytest.mark.parametrize("why", ["polls_at_once", "is_open"])
def test_nobody_waits_for_what_was_missed(
    why: str, store: Store, directory: Directory, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(store, 1)
    monkeypatch.setattr(Store, why, False)
    assert not directory.missed()
    assert asked.times == 0


def test_a_restored_store_replaces_everything(store: Store, directory: Directory, url: str) -> None:
    directory.apply(_write(store, 1))
    raw.execute(url, "DELETE FROM users")
    raw.execute(url, "UPDATE head SET epoch = 'restored', seq = 1")
    directory.catch_up()
    assert (directory.snapshot.epoch, _users(directory)) == ("restored", 0)
    assert directory.snapshot.revision == store.revision()


def test_a_poisoned_row_hides_its_account_and_the_rest_goes_on(store: Store, directory: Directory, url: str) -> None:
    _write(store, 1)
    raw.execute(url, "UPDATE users SET tags = 'poison'")
    an_account(store, "444455556666")
    directory.catch_up()
    assert directory.snapshot.account(ACCOUNT_ID) is None
    assert directory.snapshot.account("444455556666") is not None
    assert directory.snapshot.revision == store.revision()


def test_an_account_comes_back_whole_when_it_changes_and_reads_well(store: Store, url: str) -> None:
    _write(store, 1)
    raw.execute(url, "UPDATE users SET tags = 'poison'")
    directory = Directory(store)
    directory.apply(_write(store, 2))
    assert directory.snapshot.account(ACCOUNT_ID) is None, "another row of it cannot be read still"
    with store.write() as unit:
        unit.save(a_user(1))
    directory.apply(unit.committed)
    assert _users(directory) == 2
    assert not directory.snapshot.quarantined
