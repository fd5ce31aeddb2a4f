"""A SQLite file that somebody writes into under a running process: what is lost is not acknowledged, nor read."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carnet.store.faults import Lost
from carnet.store.store import Store
from tests.stores.entities import a_group, a_user, an_account

CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"


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


def test_what_comes_back_is_the_store_again(store: Store, file: Path) -> None:
    copy = saved(store, file)
    shutil.copyfile(file, file.with_name("newest.db"))
    put_over(copy, file)
    with pytest.raises(Lost):
        store.poll()
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
