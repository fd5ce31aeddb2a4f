"""PostgreSQL's notices: those who follow the store hear at once that something was committed.

INVARIANT: a notice is a hint. It is lost while a connection is down, and behind a pooler that gives each transaction
another one; whoever follows goes on polling. It is sent outside of the transaction that it tells of: PostgreSQL
takes a lock of its own for a transaction that notifies, under which all of them would wait for each other.

https://www.postgresql.org/docs/current/sql-notify.html
"""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from time import monotonic, sleep
from typing import Any

_LOG = logging.getLogger(__name__)
_CHANNEL = "carnet_head"
_LEAST_SECONDS = 0.02
"""How long it takes at least from one notice of a process to its next: many commits are one."""
_PAUSE_SECONDS = 5.0
"""After how long a connection that broke is made again."""
_ALIVE_SECONDS = 60.0
"""How often a connection is used at least, so that one that is dead is found."""
_STOP_SECONDS = 1.0


class Notices:
    """Sends and hears notices on a thread of its own, with one connection, from `begin` to `end`."""

    def __init__(self, connect: Callable[[], Any], heard: Callable[[], None]) -> None:
        """`connect` makes a psycopg connection with autocommit; `heard` is called for what another process told."""
        self._connect = connect
        self._heard = heard
        self._ended = False
        self._told = 0.0
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        os.set_blocking(self._woken, False)
        self._thread = Thread(target=self._run, name="carnet-notices", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def tell(self) -> None:
        """Let the others know, soon. Never waits, and raises nothing."""
        with suppress(BlockingIOError):  # a full pipe has woken it already
            os.write(self._wakes, b"\0")

    def end(self) -> None:
        """A thread that a server keeps waiting is left behind."""
        self._ended = True
        self.tell()
        self._thread.join(_STOP_SECONDS)
        if not self._thread.is_alive():
            os.close(self._woken)
            os.close(self._wakes)

    def _run(self) -> None:
        """INVARIANT: goes on until the end, whatever happens to a connection."""
        while not self._ended:
            try:
                self._exchange()
            except Exception as problem:
                _LOG.debug("no notices of the store for now: %s", problem)
                self._wait(_PAUSE_SECONDS)
                self._drain()

    def _exchange(self) -> None:
        with self._connect() as connection:
            connection.execute(f"LISTEN {_CHANNEL}")
            self._heard()  # nobody knows what was told before
            while not self._ended:
                came = self._wait(_ALIVE_SECONDS, connection.fileno())
                if self._woken in came or not came:
                    sleep(max(0.0, self._told + _LEAST_SECONDS - monotonic()))
                    self._drain()
                    self._told = monotonic()
                    connection.execute(f"NOTIFY {_CHANNEL}")
                self._hear(connection.pgconn)

    def _wait(self, seconds: float, *sources: int) -> list[int]:
        """Of the sources and of what this process has to tell, what is there; nothing after so many seconds."""
        return select.select((self._woken, *sources), (), (), seconds)[0]

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while os.read(self._woken, 4096):
                pass

    def _hear(self, server: Any) -> None:
        server.consume_input()
        heard = False
        while (notice := server.notifies()) is not None:
            heard = heard or notice.be_pid != server.backend_pid
        if heard:
            self._heard()
