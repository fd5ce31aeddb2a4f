"""A SQLite file that somebody writes into under a running process: what is lost is not acknowledged, nor read."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import copy
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from carnet.store.databases import sqlite, sqlite_overwritten
from carnet.store.databases.sqlite_overwritten import STILL_SECONDS, Look, MainFile
from carnet.store.faults import Lost
from carnet.store.store import Store
from tests.stores.entities import a_group, a_user, an_account
from tests.waiting import PATIENCE_SECONDS

CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
PAGE = 4_096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "carnet.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{file}")) as store:
        an_account(store)
        add(store, 1)
        yield store


def add(store: Store, number: int) -> None:
    with store.write() as unit:
        unit.add(a_user(number))
        unit.add(a_group(number))


def in_file(file: Path, statement: str) -> None:
    """As another process would; closing the connection leaves the log, which the store has open."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement).fetchall()


def saved(store: Store, file: Path) -> Path:
    """A copy of the file with all that is in it, after which the store goes on, and is written to the file again."""
    in_file(file, CHECKPOINT)
    store.poll()
    copy = file.with_name("copy.db")
    shutil.copyfile(file, copy)
    add(store, 2)
    in_file(file, CHECKPOINT)
    store.poll()
    return copy


def put_over(source: Path, file: Path) -> None:
    """As `cp` does it: the file stays the same file."""
    with source.open("rb") as read, file.open("r+b") as write:
        write.truncate()
        shutil.copyfileobj(read, write)


def older(store: Store, file: Path) -> None:
    put_over(saved(store, file), file)


def older_with_its_times(store: Store, file: Path) -> None:
    copy, status = saved(store, file), os.stat(file)
    put_over(copy, file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def of_another_installation(store: Store, file: Path) -> None:
    saved(store, file)
    other = file.with_name("other.db")
    with closing(Store.open(f"sqlite:///{other}")) as another:
        an_account(another)
        for number in range(8):
            add(another, number)
    put_over(other, file)


def vacuumed(store: Store, file: Path) -> None:
    saved(store, file)
    in_file(file, f"VACUUM INTO '{file.with_name('vacuumed.db')}'")
    put_over(file.with_name("vacuumed.db"), file)


def emptied(store: Store, file: Path) -> None:
    saved(store, file)
    os.truncate(file, 0)


def damaged(store: Store, file: Path) -> None:
    saved(store, file)
    with file.open("r+b") as written:
        written.write(b"no database " * 1000)


def log_removed(store: Store, file: Path) -> None:
    store.poll()
    file.with_name("carnet.db-wal").unlink()


def poll_until_lost(store: Store) -> None:
    """Nothing is read meanwhile: the version stays what it was."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    versions = set[object]()
    while time.monotonic() < deadline:
        try:
            versions.add(store.poll())
        except Lost:
            break
        time.sleep(0.005)
    else:
        pytest.fail("nothing is noticed")
    assert len(versions) <= 1


OVERWRITTEN = [older, older_with_its_times, of_another_installation, vacuumed, emptied, damaged, log_removed]


@pytest.mark.parametrize("happens", OVERWRITTEN)
def test_nothing_is_written_to_it_and_its_follower_hears_of_it(
    store: Store, file: Path, happens: Callable[[Store, Path], None]
) -> None:
    happens(store, file)
    with pytest.raises(Lost):
        add(store, 3)
    with pytest.raises(Lost):
        store.poll()


def test_its_follower_alone_hears_of_it(store: Store, file: Path) -> None:
    older(store, file)
    poll_until_lost(store)
    file.touch()
    with pytest.raises(Lost):
        store.poll()


def test_what_comes_back_is_the_store_again(store: Store, file: Path) -> None:
    copy = saved(store, file)
    shutil.copyfile(file, file.with_name("newest.db"))
    put_over(copy, file)
    poll_until_lost(store)
    put_over(file.with_name("newest.db"), file)
    store.poll()
    add(store, 3)


def test_checkpoints_of_whatever_process_are_no_loss(store: Store, file: Path) -> None:
    with closing(Store.open(f"sqlite:///{file}")) as other:
        for number in range(2, 8):
            add(store if number % 2 else other, number)
            in_file(file, CHECKPOINT if number % 3 else "PRAGMA wal_checkpoint(PASSIVE)")
            store.poll()
            other.poll()
    file.chmod(0o600)
    store.poll()
    add(store, 9)


def test_a_store_that_was_never_written_to_its_file_is_no_loss(file: Path) -> None:
    with closing(Store.open(f"sqlite:///{file}")) as store:
        store.poll()
        an_account(store)
        store.poll()


def checkpointed_copy(file: Path) -> Path:
    """What the file will be after a checkpoint."""
    copy = file.with_name("checkpointed.db")
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{file}{suffix}", f"{copy}{suffix}")
    in_file(copy, CHECKPOINT)
    return copy


def test_a_checkpoint_that_is_under_way_or_was_killed_is_no_loss(store: Store, file: Path) -> None:
    """It writes page by page, the first one first, which says how long the file will be."""
    in_file(file, CHECKPOINT)
    before, main_file = file.stat().st_size, MainFile(file)
    with closing(sqlite3.connect(file)) as connection:
        assert main_file.look(file.stat(), connection) is Look.OURS
        with store.write() as unit:
            for number in range(2, 60):
                unit.add(a_user(number))
        whole = checkpointed_copy(file).read_bytes()
        assert len(whole) > before
        for end in (*range(PAGE, 8 * PAGE, PAGE), *range(8 * PAGE, len(whole) + PAGE, 20 * PAGE)):
            with file.open("r+b") as written:
                written.write(whole[:end])
            assert main_file.look(file.stat(), connection) is Look.OURS
    add(store, 60)


def test_what_is_read_of_a_page_while_it_is_written_is_no_loss(store: Store, file: Path) -> None:
    """The file is written again and again, and each time it is no state of the store; then it is one."""
    copy = saved(store, file)
    newest = file.read_bytes()
    for _ in range(30):
        put_over(copy, file)
        store.poll()
        time.sleep(0.01)
    file.write_bytes(newest)
    add(store, 3)


def test_looks_that_fail_count_once_the_file_stands_still(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, main_file, copy = [100.0], MainFile(file), saved(store, file)
    monkeypatch.setattr(sqlite_overwritten, "monotonic", lambda: now[0])
    with closing(sqlite3.connect(file)) as connection:

        def look(later: float = 0) -> Look:
            now[0] += later
            return main_file.look(file.stat(), connection)

        assert look() is Look.OURS
        put_over(copy, file)
        assert [look(), look(STILL_SECONDS * 0.99)] == [Look.IN_DOUBT, Look.IN_DOUBT]
        time.sleep(0.02)  # the times of files have steps
        file.touch()
        assert [look(STILL_SECONDS), look(STILL_SECONDS * 0.99)] == [Look.IN_DOUBT, Look.IN_DOUBT]
        assert look(STILL_SECONDS * 0.02) is Look.OVERWRITTEN


def test_what_is_checkpointed_while_it_is_looked_at_is_no_loss(store: Store, file: Path) -> None:
    """Under load that happens now and then; here it happens in each look."""
    numbers = iter(range(2, 10))

    class Busy(MainFile):
        def _stands_alone(self) -> Any:
            add(store, next(numbers))
            in_file(file, CHECKPOINT)
            return super()._stands_alone()

    main_file = Busy(file)
    with closing(sqlite3.connect(file)) as connection:
        assert [main_file.look(file.stat(), connection) for _ in range(4)] == [Look.OURS] * 4


def test_an_epoch_that_only_the_log_has_yet_is_no_loss(store: Store, file: Path) -> None:
    in_file(file, CHECKPOINT)
    main_file = MainFile(file)
    with closing(sqlite3.connect(file)) as connection:
        assert main_file.look(file.stat(), connection) is Look.OURS
        store.accept(datetime(2026, 1, 2, tzinfo=UTC), {"eventName": "AcceptStore"})
        assert main_file.look(file.stat(), connection) is Look.OURS
        add(store, 2)
        in_file(file, CHECKPOINT)
        assert main_file.look(file.stat(), connection) is Look.OURS


def test_a_change_waits_until_it_can_be_told(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_overwritten, "STILL_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(sqlite, "_DOUBT_SECONDS", PATIENCE_SECONDS)
    copy = saved(store, file)
    newest = file.read_bytes()
    put_over(copy, file)
    with ThreadPoolExecutor(1) as another:
        written = another.submit(add, store, 3)
        time.sleep(0.03)
        assert not written.done()
        file.write_bytes(newest)
        written.result(PATIENCE_SECONDS)


def test_checkpoints_under_load_are_no_loss(store: Store, file: Path) -> None:
    """Long ones, as the file grows, while a follower looks all the time."""
    ended = Event()

    def follow() -> None:
        while not ended.is_set():
            store.poll()

    with ThreadPoolExecutor(1) as other:
        following = other.submit(follow)
        try:
            for first in range(100, 900, 200):
                with store.write() as unit:
                    for number in range(first, first + 200):
                        unit.add(a_user(number))
                in_file(file, CHECKPOINT)
        finally:
            ended.set()
        following.result()


def backed_up(store: Store) -> BytesIO:
    backup = BytesIO()
    store.back_up(backup, release="1", made="2026-01-02T03:04:05Z", told=lambda done, of: None)
    return backup


def restore(file: Path, backup: BytesIO) -> None:
    """As another process does it."""
    backup.seek(0)
    url = f"sqlite:///{file}"
    Store.restore(url, backup, replace=True, check_keys=lambda keys: None, told=lambda done, of: None)


@pytest.mark.parametrize("written_before", [False, True])
def test_a_checkpoint_of_a_restore_is_no_loss_in_the_end(store: Store, file: Path, written_before: bool) -> None:
    """All tables are made anew, so on its way the file may say anything; then it is that of the store."""
    backup = backed_up(store)
    for number in range(2, 12):
        add(store, number)
    if written_before:
        in_file(file, CHECKPOINT)
    main_file = MainFile(file)
    with closing(sqlite3.connect(file)) as connection:
        assert main_file.look(file.stat(), connection) is Look.OURS
        restore(file, backup)
        whole, before = checkpointed_copy(file).read_bytes(), file.read_bytes()
        for end in range(PAGE, len(whole) + PAGE, 40 * PAGE):
            file.write_bytes(whole[:end] + before[end:])
            main_file.look(file.stat(), connection)
            file.write_bytes(whole)
            assert copy(main_file).look(file.stat(), connection) is Look.OURS, end


def test_a_checkpoint_that_leaves_pages_out_is_no_loss(store: Store, file: Path) -> None:
    """SQLite leaves out what was written again since a reader began, and that may be the head, of tables made anew."""
    restore(file, backed_up(store))
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN").connection.execute("SELECT seq FROM head").fetchone()
        add(store, 20)
        in_file(file, "PRAGMA wal_checkpoint(PASSIVE)")
        until = time.monotonic() + 3 * STILL_SECONDS
        while time.monotonic() < until:
            store.poll()
        add(store, 21)
    put_over(saved(store, file), file)
    poll_until_lost(store)
