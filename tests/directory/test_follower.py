"""The follower goes on, whatever happens to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carnet.base.faults import Unavailable
from carnet.directory import follower as follower_module
from carnet.directory.directory import Directory
from carnet.directory.follower import Follower
from carnet.directory.snapshot import empty_snapshot
from carnet.store.store import Store
from tests.directory.following import following
from tests.stores.entities import an_account
from tests.waiting import PATIENCE_SECONDS, eventually


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")) as store:
        yield store


def later(seconds: float, call: Callable[[], None]) -> None:
    """An event loop's `call_later`, without the loop."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


@pytest.fixture(params=["alone", "watched"])
def followed(store: Store, request: pytest.FixtureRequest) -> Iterator[tuple[Directory, Follower]]:
    directory = Directory(store)
    follower = Follower(directory, store)
    with following(follower, later if request.param == "watched" else None):
        yield directory, follower


def test_a_write_is_followed(store: Store, followed: tuple[Directory, Follower]) -> None:
    directory, _ = followed
    an_account(store)
    eventually(lambda: len(directory.snapshot.accounts) == 1)


def test_a_store_that_has_never_answered_is_not_reachable_before_the_first_look() -> None:
    with closing(Store.opened_later("postgresql://127.0.0.1:1/carnet", lambda store: None)) as store:
        directory = Directory(store, empty_snapshot(store.types), stale_for=60)
        assert not Follower(directory, store).reachable


@pytest.mark.parametrize("trouble", [Unavailable("down"), RuntimeError("a bug")])
@pytest.mark.parametrize("where", ["poll", "changes_since"])
def test_trouble_passes(
    store: Store,
    followed: tuple[Directory, Follower],
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
    where: str,
) -> None:
    directory, follower = followed
    monkeypatch.setattr(follower_module, "_PAUSE_AFTER_FAILURE_SECONDS", 0.01)

    def fail(*_: object) -> None:
        raise trouble

    eventually(lambda: follower._seen is not None)  # a first look that is still at it would see the account
    with monkeypatch.context() as patched:
        patched.setattr(store, where, fail)
        if where == "poll":
            eventually(lambda: not follower.reachable)  # a poll that had begun before would still see the account
        an_account(store)
        eventually(lambda: not follower.reachable)
        assert len(directory.snapshot.accounts) == 0
    eventually(lambda: follower.reachable and len(directory.snapshot.accounts) == 1)


def test_a_loop_that_watches_leaves_a_store_that_cannot_be_followed_to_the_job(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Directory(store)
    follower = Follower(directory, store)
    due: list[Callable[[], None]] = []
    asked: list[float] = []

    def fail(*_: object) -> None:
        raise RuntimeError("not to be read")

    monkeypatch.setattr(directory, "catch_up", fail)
    follower.watch(lambda seconds, watch: due.append(watch), lambda: asked.append(follower.look()))
    for _ in range(5):
        due.pop()()
    assert asked == [follower_module._PAUSE_AFTER_FAILURE_SECONDS]  # once, and then it is the job that looks


def test_a_loop_that_watches_is_quicker_than_the_job_would_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_module, "_WATCHED_PAUSE_SECONDS", 3600.0)
    directory = Directory(store)
    follower = Follower(directory, store)
    with following(follower, later):
        eventually(lambda: follower._seen is not None)
        an_account(store)
        eventually(lambda: len(directory.snapshot.accounts) == 1)


def test_a_store_that_hangs_counts_as_unreachable_until_it_answers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "SILENT_SECONDS", 0.05)
    asked, answers = threading.Event(), threading.Event()

    def poll() -> int:
        asked.set()
        assert answers.wait(PATIENCE_SECONDS)
        return 1

    follower = Follower(Directory(store), store)
    monkeypatch.setattr(store, "poll", poll)
    looking = threading.Thread(target=follower.look)
    looking.start()
    assert asked.wait(PATIENCE_SECONDS)
    eventually(lambda: not follower.reachable)
    answers.set()
    looking.join(PATIENCE_SECONDS)
    assert follower.reachable
