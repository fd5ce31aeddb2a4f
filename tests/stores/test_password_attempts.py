"""Attempts of passwords, on every store: counted before they are looked at, however many are made at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from carnet.store.password_attempts import RECENTLY, WINDOW, Attempts, forget
from carnet.store.store import Store
from tests.stores.entities import NOW

THREADS = 8


def seen_by(store: Store, owner: str = "AIDA1", network: str = "net", *, later: timedelta = timedelta()) -> Attempts:
    """What the next attempt would be judged by. It is not made."""
    seen: list[Attempts] = []

    def refuse(attempts: Attempts) -> bool:
        seen.append(attempts)
        return False

    assert not store.password_attempts.reserve(owner, network, NOW + later, refuse)
    return seen[0]


def wrong(store: Store, owner: str = "AIDA1", network: str = "net", *, later: timedelta = timedelta()) -> None:
    assert store.password_attempts.reserve(owner, network, NOW + later, lambda _: True)


def test_each_attempt_is_counted_for_its_owner_and_its_network(store: Store) -> None:
    for network in ("net", "net", "other"):
        wrong(store, network=network)
    seen = seen_by(store)
    assert (seen.failures, seen.of_owner, seen.last, seen.trusted) == (2, 3, NOW, False)
    assert seen_by(store, network="third").failures == 0
    assert seen_by(store, "AIDA2").of_owner == 0


def test_of_attempts_made_at_once_one_is_judged_by_each_count(store: Store) -> None:
    """The guard: whoever has read a count has taken it away from all others."""
    together = Barrier(THREADS)

    def guess(_: int) -> bool:
        together.wait()
        return store.password_attempts.reserve("AIDA1", "net", NOW, lambda seen: seen.failures < 3)

    with ThreadPoolExecutor(THREADS) as threads:
        made = list(threads.map(guess, range(4 * THREADS)))
    assert sum(made) == 3
    assert seen_by(store).failures == 3


def test_of_attempts_from_many_networks_at_once_no_more_are_made_than_the_owner_has(store: Store) -> None:
    together = Barrier(THREADS)

    def guess(number: int) -> bool:
        together.wait()
        return store.password_attempts.reserve("AIDA1", f"net{number}", NOW, lambda seen: seen.of_owner < 5)

    with ThreadPoolExecutor(THREADS) as threads:
        assert sum(threads.map(guess, range(2 * THREADS))) == 5


def test_what_is_right_clears_what_is_held_against_its_network_alone(store: Store) -> None:
    wrong(store, network="attacker")
    wrong(store)
    wrong(store)
    store.password_attempts.succeed("AIDA1", "net")
    here, there = seen_by(store), seen_by(store, network="attacker")
    assert (here.failures, here.trusted, here.of_owner) == (0, True, 2)
    assert (there.failures, there.trusted) == (1, False)
    wrong(store)
    assert seen_by(store).trusted


def test_the_attempts_of_an_owner_are_forgotten_together(store: Store) -> None:
    wrong(store)
    assert seen_by(store, later=WINDOW - timedelta(seconds=1)).of_owner == 1
    assert seen_by(store, later=WINDOW).of_owner == 0
    wrong(store, later=WINDOW)
    assert seen_by(store, later=WINDOW).of_owner == 1
    assert seen_by(store, later=WINDOW).failures == 2


def test_a_network_is_known_for_all_whom_it_was_wrong_for(store: Store) -> None:
    for number in range(3):
        wrong(store, f"AIDA{number}")
    wrong(store, "AIDA4", "other")
    store.password_attempts.succeed("AIDA0", "net")
    assert seen_by(store, "AIDA9").others == 2
    assert seen_by(store, "AIDA1").others == 1
    assert seen_by(store, "AIDA9").others_last == NOW
    assert seen_by(store, "AIDA9", later=RECENTLY).others == 0


def test_an_attempt_that_is_not_made_leaves_nothing_behind(store: Store) -> None:
    seen_by(store)
    with store._backend.writing() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM password_attempts").scalar() == 0


def test_attempts_do_not_advance_the_head(store: Store) -> None:
    before = store.revision()
    wrong(store)
    store.password_attempts.succeed("AIDA1", "net")
    assert store.revision() == before


def test_what_is_old_is_removed_and_what_is_right_is_kept_longer(store: Store) -> None:
    wrong(store)
    wrong(store, network="home")
    store.password_attempts.succeed("AIDA1", "home")
    just, after = NOW, NOW + timedelta(microseconds=1)
    for wrong_before, right_before, networks in (
        (just, just, ["", "home", "net"]),
        (after, just, ["home"]),
        (after, after, []),
    ):
        with store._backend.writing() as connection:
            assert not forget(connection, wrong_before=wrong_before, right_before=right_before)
            left = connection.exec_driver_sql("SELECT network FROM password_attempts ORDER BY network").scalars().all()
        assert left == networks
