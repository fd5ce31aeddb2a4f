"""Processes that write while something goes wrong, and say which of their writes were acknowledged."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from carnet.base.faults import Unavailable
from carnet.store.store import Store
from tests.store.crashing import Writer
from tests.stores.entities import a_group, a_user
from tests.stores.processes import CONTEXT

_PAUSE_SECONDS = 0.02
_MOST_LOOKS = 6_000
"""How often it is looked whether anything was written: for two minutes, or longer on a machine that has no processor
for us, since that keeps who looks waiting as well as who writes."""
IMPORTED = (
    "tests.chaos.faults",
    "carnet.store.databases.postgresql",
    "carnet.directory.directory",
    "tests.stores.writers",
)
"""What such a process needs: imported once, in the process that they are forked from, and not after each kill."""


def write_on(url: str, first: int, acknowledged: Connection) -> None:
    """Write a user and a group together, with their audit event, and then say so; go on with the next if refused."""
    store: Store | None = None
    for number in count(first):
        try:
            store = store or Store.open(url)
            with store.write() as unit:
                unit.add(a_user(number))
                unit.add(a_group(number))
                unit.audit({"number": number})
        except Unavailable:
            time.sleep(_PAUSE_SECONDS)
            with suppress(Unavailable):  # as the follower of a server does: who was silent is asked by nobody else
                if store is not None:
                    store.poll()
        else:
            acknowledged.send(number)


class Watched:
    """A process that writes, and the numbers that it has acknowledged."""

    def __init__(self, process: BaseProcess, told: Connection) -> None:
        self._process = process
        self._told = told
        self.acknowledged: set[int] = set()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def listen(self, seconds: float) -> int:
        """Take what is acknowledged for a time; gives how many that were."""
        before, end = len(self.acknowledged), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._told.poll(left):
                self.acknowledged.add(self._told.recv())
        return len(self.acknowledged) - before

    def wait_for_writes(self) -> None:
        """Returns when some writes were acknowledged that were begun from now on."""
        self.listen(_PAUSE_SECONDS)
        told = 0
        for _ in range(_MOST_LOOKS):
            told += self.listen(_PAUSE_SECONDS)
            if told >= 2:  # the first may have been begun before
                return
        raise AssertionError("nothing is written any more")

    @contextmanager
    def still(self) -> Iterator[None]:
        """The process stands still, so that what the database has does not change meanwhile."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            self.listen(_PAUSE_SECONDS)  # what it had sent already is done by the database
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """kill -9. The last message may be cut short: then nobody was told."""
        self._process.kill()
        self._process.join()
        try:
            while True:
                self.acknowledged.add(self._told.recv())
        except (EOFError, OSError):
            self._told.close()


@contextmanager
def writing(url: str, first: int, writer: Writer = write_on) -> Iterator[Watched]:
    """A process that writes to the database, numbers from `first` on; killed at the end of the block."""
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=writer, args=(url, first, theirs), daemon=True)
    process.start()
    theirs.close()
    watched = Watched(process, ours)
    try:
        watched.wait_for_writes()
        yield watched
    finally:
        watched.kill()
