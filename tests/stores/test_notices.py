"""Other nodes hear of a commit at once, if nothing is in the way; and nothing waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import psycopg
import pytest

from carnet.directory.directory import Directory
from carnet.directory.follower import Follower
from carnet.jobs.periodic import Periodic
from carnet.store.databases import notices
from carnet.store.databases.postgresql import Postgresql
from carnet.store.faults import Taken
from carnet.store.store import Store
from tests.stores.entities import ACCOUNT, a_user, an_account
from tests.stores.postgresql import PostgresqlServer
from tests.waiting import PATIENCE_SECONDS, eventually


class Ear:
    """Counts what is heard."""

    def __init__(self) -> None:
        self.times = 0
        self._event = Event()

    def __call__(self) -> None:
        self.times += 1
        self._event.set()

    def hears(self, seconds: float = PATIENCE_SECONDS) -> bool:
        heard = self._event.wait(seconds)
        self._event.clear()
        return heard


@contextmanager
def listening(url: str) -> Iterator[tuple[Store, Ear]]:
    store, ear = Store.open(url), Ear()
    try:
        store.follow_notices(ear)
        assert ear.hears()  # what may have been told before
        yield store, ear
    finally:
        store.close()


def change(store: Store, number: int) -> None:
    with store.write() as unit:
        unit.add(a_user(number))


def test_a_commit_is_heard_by_the_others_alone(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.new_database()
    with listening(url) as (one, of_one), listening(url) as (_, of_other):
        an_account(one)
        assert of_other.hears()
        with pytest.raises(Taken), one.write() as unit:
            unit.add(ACCOUNT)
        with one.write():
            pass  # changes nothing
        assert not of_other.hears(0.2)
        assert of_one.times == 1


def test_many_commits_are_few_notices(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.new_database()
    with listening(url) as (one, _), listening(url) as (_, ear):
        an_account(one)
        began = time.monotonic()
        for number in range(40):
            change(one, number)
        took = time.monotonic() - began
        assert ear.hears()
        time.sleep(0.1)
        assert ear.times <= 3 + (took + 0.1) / notices._LEAST_SECONDS


def test_a_broken_connection_is_made_again(
    postgresql_server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_PAUSE_SECONDS", 0.05)
    url = postgresql_server.new_database()
    with listening(url) as (one, _), listening(url) as (_, ear):
        an_account(one)
        assert ear.hears()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE '%carnet_head' AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert ear.hears()  # at once, for what it may have missed
        deadline = time.monotonic() + PATIENCE_SECONDS
        heard, number = False, 0
        while not heard:
            assert time.monotonic() < deadline
            change(one, number := number + 1)
            heard = ear.hears(0.5)


def test_a_follower_that_polls_seldom_is_woken(
    postgresql_server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Postgresql, "poll_seconds", 3600.0)
    url = postgresql_server.new_database()
    with listening(url) as (one, _):
        other = Store.open(url)
        directory = Directory(other)
        job = Periodic("follower", Follower(directory, other).look, seconds=3600)
        job.start()
        try:
            other.follow_notices(job.wake)
            an_account(one)
            eventually(lambda: len(directory.snapshot.accounts) == 1)
        finally:
            job.stop()
            other.close()


def test_a_server_that_is_not_there_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise psycopg.OperationalError("not there")

    telling = notices.Notices(fails, Ear())
    telling.begin()
    for _ in range(100_000):  # more than the pipe takes
        telling.tell()
    began = time.monotonic()
    telling.end()
    assert time.monotonic() - began < notices._STOP_SECONDS + 20
