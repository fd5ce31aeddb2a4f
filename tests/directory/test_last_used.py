"""Last-used times are gathered in memory and shared through the store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from carnet.base.faults import Unavailable
from carnet.directory.last_used import LastUsed
from carnet.jobs.periodic import Periodic
from carnet.store.last_used import KeyUse, RoleUse
from carnet.store.store import Store

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")) as store:
        yield store


def test_a_use_is_known_at_once_and_written_with_the_next_flush(store: Store) -> None:
    last_used = LastUsed(store)
    last_used.note_key("AKIA1", NOON, "iam", "us-east-1")
    last_used.note_role("AROA1", NOON, "eu-west-1")
    assert last_used.key("AKIA1") == KeyUse(NOON, "iam", "us-east-1")
    assert last_used.role("AROA1") == RoleUse(NOON, "eu-west-1")
    assert last_used.key("AKIA2") is None
    assert store.last_used(EVER) == ({}, {})
    last_used.flush()
    assert store.last_used(EVER) == ({"AKIA1": KeyUse(NOON, "iam", "us-east-1")}, {"AROA1": RoleUse(NOON, "eu-west-1")})
    assert last_used.key("AKIA1") == KeyUse(NOON, "iam", "us-east-1")


def test_more_uses_than_one_batch_are_all_written(store: Store) -> None:
    last_used = LastUsed(store)
    for number in range(1201):
        last_used.note_key(f"AKIA{number}", NOON, "iam", "us-east-1")
    last_used.flush()
    assert len(store.last_used(EVER)[0]) == 1201


def test_the_uses_of_another_process_are_learned_and_the_newest_counts(store: Store) -> None:
    ours, theirs = LastUsed(store), LastUsed(store)
    ours.note_key("AKIA1", NOON, "iam", "us-east-1")
    ours.flush()
    ours.load()
    theirs.note_key("AKIA1", NOON + timedelta(seconds=1), "sts", "eu-west-1")
    theirs.note_key("AKIA2", NOON - timedelta(minutes=59), "sts", "eu-west-1")
    theirs.flush()
    ours.load()
    assert ours.key("AKIA1") == KeyUse(NOON + timedelta(seconds=1), "sts", "eu-west-1")
    assert ours.key("AKIA2") is not None, "a use that was written late"
    ours.note_key("AKIA1", NOON, "iam", "us-east-1")
    assert ours.key("AKIA1") == KeyUse(NOON + timedelta(seconds=1), "sts", "eu-west-1")


def test_uses_are_kept_while_the_store_is_down(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    last_used = LastUsed(store)
    last_used.note_key("AKIA1", NOON, "iam", "us-east-1")

    def down(*_: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(store, "save_last_used", down)
        with pytest.raises(Unavailable):
            last_used.flush()
    assert last_used.key("AKIA1") is not None
    last_used.flush()
    assert set(store.last_used(EVER)[0]) == {"AKIA1"}


def test_the_job_writes_what_was_noted_and_what_is_left_at_the_end(store: Store) -> None:
    last_used = LastUsed(store)
    job = Periodic("last-used", last_used.exchange, seconds=0.01, at_end=last_used.exchange)
    job.start()
    last_used.note_key("AKIA1", NOON, "iam", "us-east-1")
    deadline = time.monotonic() + 10
    while not store.last_used(EVER)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    last_used.note_key("AKIA2", NOON, "iam", "us-east-1")
    job.stop()
    assert set(store.last_used(EVER)[0]) == {"AKIA1", "AKIA2"}


def test_no_note_is_lost_to_a_flush_beside_it(store: Store) -> None:
    last_used = LastUsed(store)
    keys = [f"AKIA{number}" for number in range(5000)]

    def note_all() -> None:
        for key in keys:
            last_used.note_key(key, NOON, "iam", "us-east-1")

    thread = Thread(target=note_all)
    thread.start()
    while thread.is_alive():
        last_used.flush()
    last_used.flush()
    assert set(store.last_used(EVER)[0]) == set(keys)
