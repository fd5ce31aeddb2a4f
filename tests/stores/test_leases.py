"""One process at a time holds a lease, and one that has lost it can write nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import pytest

from carnet.jobs.singleton import Singleton
from carnet.store.leases import LEASE_SECONDS, Lease, LeaseLost
from carnet.store.retention import mark
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import a_user, an_account
from tests.waiting import PATIENCE_SECONDS


def _taken(store: Store, holder: str) -> Lease:
    lease = store.leases.take("job", holder)
    assert lease is not None
    return lease


def _add_a_user(store: Store, lease: Lease, number: int) -> None:
    with store.write() as unit:
        unit.hold(lease)
        unit.add(a_user(number))


def _let_time_pass(database: str, seconds: float) -> None:
    raw.execute(database, "UPDATE leases SET expires = expires - :micros", {"micros": int(seconds * 1_000_000)})


def test_a_lease_is_one_process_s_until_it_is_released(store: Store) -> None:
    first = _taken(store, "a")
    assert store.leases.take("job", "b") is None
    assert store.leases.take("job", "a") is None
    assert store.leases.take("another job", "b") is not None
    store.leases.release(first)
    assert _taken(store, "b").fence == first.fence + 1


def test_a_holder_that_shows_no_sign_of_life_is_taken_over(store: Store, database: str) -> None:
    first = _taken(store, "a")
    _let_time_pass(database, LEASE_SECONDS - 5)
    assert store.leases.take("job", "b") is None
    _let_time_pass(database, 5)
    assert _taken(store, "b").fence == first.fence + 1


def test_each_fenced_write_keeps_the_lease(store: Store, database: str) -> None:
    lease = _taken(store, "a")
    _let_time_pass(database, LEASE_SECONDS - 5)
    with store.fenced(lease):
        pass
    _let_time_pass(database, LEASE_SECONDS - 5)
    assert store.leases.take("job", "b") is None


def test_a_holder_that_was_paused_can_write_nothing_after_another_took_over(store: Store, database: str) -> None:
    an_account(store)
    paused = _taken(store, "a")
    _let_time_pass(database, LEASE_SECONDS)
    taken_over = _taken(store, "b")
    before = store.revision()
    with pytest.raises(LeaseLost):
        _add_a_user(store, paused, 1)
    with pytest.raises(LeaseLost), store.fenced(paused) as (connection, backend):
        mark(connection, backend)
    assert store.revision() == before
    store.leases.release(paused)
    _add_a_user(store, taken_over, 2)
    assert store.revision().seq == before.seq + 1


def test_an_expired_lease_that_nobody_took_still_writes(store: Store, database: str) -> None:
    lease = _taken(store, "a")
    _let_time_pass(database, LEASE_SECONDS + 3600)
    with store.fenced(lease):
        pass
    assert store.leases.take("job", "b") is None


def test_nobody_takes_over_within_a_write(store: Store, database: str) -> None:
    """The number is checked before the write and the lease cannot change hands until the write is committed."""
    lease = _taken(store, "a")
    _let_time_pass(database, LEASE_SECONDS)
    taken: list[Lease | None] = []
    with closing(Store.open(database)) as other:
        thread = Thread(target=lambda: taken.append(other.leases.take("job", "b")))
        with store.fenced(lease):
            thread.start()
            thread.join(0.3)
            assert taken == []
        thread.join(PATIENCE_SECONDS)
    assert taken == [None], "the write has renewed the lease"


def _steps(done: list[str], name: str, go_on: Event, store: Store) -> Singleton:
    def steps(lease: Lease) -> Iterator[None]:
        for number in range(3):
            with store.fenced(lease):
                done.append(f"{name}{number}")
            yield
            assert go_on.wait(PATIENCE_SECONDS)

    return Singleton("job", steps, store=store, holder=name, seconds=3600)


def test_a_singleton_leaves_a_held_job_alone_and_releases_its_own(store: Store) -> None:
    done: list[str] = []
    go_on = Event()
    go_on.set()
    lease = _taken(store, "somebody")
    _steps(done, "a", go_on, store)._take_turn()
    assert done == []
    store.leases.release(lease)
    _steps(done, "a", go_on, store)._take_turn()
    _steps(done, "b", go_on, store)._take_turn()
    assert done == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_a_singleton_that_was_taken_over_ends_without_a_word_of_its_own(
    store: Store, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    go_on = Event()
    job = _steps(done, "a", go_on, store)
    thread = Thread(target=job._take_turn)
    thread.start()
    while not done:
        thread.join(0.01)
    _let_time_pass(database, LEASE_SECONDS)
    newer = _taken(store, "b")
    go_on.set()
    thread.join(PATIENCE_SECONDS)
    assert done == ["a0"]
    assert [record.getMessage() for record in caplog.records] == ["job was taken over by another process"]
    with store.fenced(newer):
        pass


def test_a_singleton_stops_between_two_steps(store: Store) -> None:
    done: list[str] = []
    go_on = Event()
    job = _steps(done, "a", go_on, store)
    job.start()
    while not done:
        go_on.wait(0.01)
    job._tell_to_stop()
    go_on.set()
    job.stop()
    assert len(done) < 3
    assert store.leases.take("job", "b") is not None


def test_what_is_not_due_asks_for_no_lease(store: Store) -> None:
    job = Singleton("job", lambda _: iter(()), store=store, holder="a", seconds=1, due=lambda: False)
    job._take_turn()
    assert _taken(store, "b").fence == 1
