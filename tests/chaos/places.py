"""Databases that something happens to: SQLite files, PostgreSQL servers, and pairs of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from carnet.store.store import Store
from tests import scratch
from tests.stores.entities import an_account
from tests.stores.postgresql import NoPostgresql, PostgresqlServer

_BLOCK = 1 << 12
NewDatabase = Callable[[], str]
"""Gives the URL of a new database with one account."""


@contextmanager
def sqlite_files() -> Iterator[NewDatabase]:
    with tempfile.TemporaryDirectory(prefix="carnet-chaos-", dir=scratch.place()) as folder:
        yield lambda: with_account(f"sqlite:///{tempfile.mkdtemp(dir=folder)}/carnet.db")


class SmallDisk:
    """A disk that can be filled up."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._rest = place / "rest"

    def fill(self) -> None:
        """Leave no byte."""
        with suppress(OSError), self._rest.open("ab", buffering=0) as rest:
            while True:
                rest.write(bytes(_BLOCK))

    def make_room(self) -> None:
        self._rest.unlink()


@contextmanager
def small_disk(mebibytes: int) -> Iterator[SmallDisk]:
    """In memory. Raises NoPostgresql, since no other database is tried on one."""
    with tempfile.TemporaryDirectory(prefix="carnet-disk-", dir=scratch.place()) as place:
        Path(place).chmod(0o755)
        mounted = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", place]
        if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode:
            raise NoPostgresql("nobody but root mounts a small disk for it")
        try:
            yield SmallDisk(Path(place))
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def postgresql_on(disk: Path | None = None, log_disk: Path | None = None) -> Iterator[PostgresqlServer]:
    """A server on disks of its own. Raises NoPostgresql."""
    server = PostgresqlServer(disk=disk, log_disk=log_disk)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def postgresql() -> Iterator[tuple[PostgresqlServer, NewDatabase]]:
    """A server, and its databases, with the time limits that users have. Raises NoPostgresql."""
    with postgresql_on() as server:
        yield server, lambda: with_account(server.new_database(patient=False))


@contextmanager
def pair(primary: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A standby that follows a server that runs."""
    standby = PostgresqlServer(copy_of=primary)
    try:
        standby.start()
        yield standby
    finally:
        standby.remove()


def fail_over(primary: PostgresqlServer, standby: PostgresqlServer, missed: Callable[[], object] | None = None) -> None:
    """The primary dies and the standby is promoted. It never hears of what is done by `missed`."""
    if missed is not None:
        standby.stop()
        missed()
    primary.stop()
    if missed is not None:
        standby.start()
    standby.promote()


def with_account(url: str) -> str:
    with closing(Store.open(url)) as store:
        an_account(store)
    return url
