"""A node that started without its database looks at it when it answers: what a start would refuse is not followed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carnet.assembly.installation import open_installation
from carnet.assembly.kept_state import open_kept
from carnet.assembly.last_seen import LastSeen
from carnet.assembly.settings import Settings
from carnet.base.faults import Unavailable
from carnet.directory.kept_snapshot import KeptSnapshot, sealed_parts
from carnet.keyring.master_key import load_or_create
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.postgresql import PostgresqlServer, running_server

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


def an_installation(data: Path, url: str, master_key: Path | None = None) -> Settings:
    """What is kept of it is its newest state."""
    settings = Settings(data_dir=data, database_url=url, master_key_file=master_key)
    with open_installation(settings, create=True, clock=lambda: NOW) as made:
        kept = KeptSnapshot(installation=made.store.installation, snapshot=made.directory.snapshot, as_of=NOW)
        settings.snapshot_file.write_bytes(b"".join(sealed_parts(kept, load_or_create(settings.master_key))))
        LastSeen(settings.last_seen).accept(made.store.standing())
    return settings


@pytest.fixture
def settings(tmp_path: Path, database: PostgresqlServer) -> Settings:
    return an_installation(tmp_path, database.new_database())


@contextmanager
def started_without(settings: Settings) -> Iterator[Store]:
    """The store of a node that has what is kept, and has not reached the database yet, which answers now."""
    kept = open_kept(settings, lambda: NOW, Unavailable("It does not answer."))
    with closing(kept.store) as store:
        yield store


def test_what_keeps_a_file_from_being_opened_is_told(tmp_path: Path) -> None:
    """Nobody waits for a file, whatever is kept beside it."""
    settings = an_installation(tmp_path, "")
    problem = Unavailable("The disk is full.")
    with pytest.raises(Unavailable) as caught:
        open_kept(settings, lambda: NOW, problem)
    assert caught.value is problem


def test_the_store_that_it_knows_is_followed(settings: Settings) -> None:
    with started_without(settings) as store:
        store.poll()
        assert store.is_open


def of_another_installation(settings: Settings, database: PostgresqlServer) -> Settings:
    other = an_installation(settings.data_dir / "other", database.new_database(), settings.master_key)
    settings.last_seen.unlink()  # which would tell as well
    return replace(settings, database_url=other.database_url)


def gone_back(settings: Settings, _: PostgresqlServer) -> Settings:
    seen = LastSeen(settings.last_seen)
    before = seen.read()
    assert before is not None
    seen.remember(before._replace(revision=replace(before.revision, seq=before.revision.seq + 7)))
    return settings


def with_a_data_key_of_somebody_else(settings: Settings, _: PostgresqlServer) -> Settings:
    raw.execute(settings.store_url, "UPDATE data_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)")
    return settings


@pytest.mark.parametrize(
    ("becomes", "why"),
    [
        (of_another_installation, "is the store of another installation"),
        (gone_back, "is an earlier state of the store"),
        (with_a_data_key_of_somebody_else, "master key"),
    ],
)
def test_what_a_start_would_refuse_is_not_followed_and_the_log_says_why_once(
    settings: Settings,
    database: PostgresqlServer,
    caplog: pytest.LogCaptureFixture,
    becomes: Callable[[Settings, PostgresqlServer], Settings],
    why: str,
) -> None:
    changed = becomes(settings, database)
    with caplog.at_level(logging.ERROR, "carnet.assembly.kept_state"), started_without(changed) as store:
        for _ in range(3):
            with pytest.raises(Unavailable, match="another one"):
                store.poll()
        assert not store.is_open
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("the store answers, and is not followed: ")
    assert why in told
