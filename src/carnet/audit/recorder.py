"""Records changes in the audit log: room for their events is promised before they are committed, and used after it.

So a change that the log has no room for does not happen, and one that happened is in the log before anybody is told of
it. Its event stands in the database, too: if the process ends between commit and log, it is filled in from there
(`audit/filling_in.py`).
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

from carnet.audit.chain import MEMBER_BYTES, Tip
from carnet.audit.chained_lines import ChainedLines
from carnet.audit.memory_lines import Lines
from carnet.base.faults import Unavailable
from carnet.store.faults import NoRoom

_LOG = logging.getLogger(__name__)
_UNDERWAY = "underway.lock"
_LOOK_AGAIN_SECONDS = 0.01
_LOOK_SECONDS = 1.0
_ROOM = 64 * 1024


class AuditLines(Lines, Protocol):
    """`chained_lines.ChainedLines` or `MemoryLines`."""

    @property
    def log(self) -> str:
        """What the log is called, in its lines and in the rows of its events."""

    def promise(self, size: int) -> None:
        """Reserve room for so many bytes in lines; Unavailable if there is none."""

    def keep(self, lines: bytes, size: int) -> None:
        """Write lines for which `size` was promised, and end the promise. Raises Unavailable."""


class Underway:
    """The changes of all processes that are made but not yet in the log: while there are any, none is filled in."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _UNDERWAY
        self._shared: int | None = None
        self._changes = 0
        self._busy = Lock()

    @contextmanager
    def change(self) -> Iterator[None]:
        """One is made meanwhile. Raises Unavailable while another process fills in."""
        with self._busy:
            if not self._changes:
                self._share()
            self._changes += 1
        try:
            yield
        finally:
            with self._busy:
                self._changes -= 1
                if not self._changes and self._shared is not None:
                    fcntl.flock(self._shared, fcntl.LOCK_UN)

    def _share(self) -> None:
        try:
            if self._shared is None:
                self._shared = self._open()
            _lock(self._shared, fcntl.LOCK_SH, seconds=2.0)
        except OSError as problem:
            raise Unavailable("The audit log is being filled in, or cannot be written.") from problem

    @contextmanager
    def nothing(self, seconds: float) -> Iterator[bool]:
        """Whether nothing is under way, which remains so meanwhile; it is waited for. Raises OSError."""
        own = self._open()
        try:
            _lock(own, fcntl.LOCK_EX, seconds)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(own)

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        if self._shared is not None:
            os.close(self._shared)


def _lock(file: int, kind: int, seconds: float) -> None:
    """Raises BlockingIOError if others hold it for so long."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


class Recorder:
    """The audit log of one process, which is opened when it is first needed."""

    def __init__(
        self,
        opened: Callable[[], AuditLines],
        underway: Underway | None = None,
        has_room: Callable[[], bool] = lambda: True,
        takes_files: Callable[[], bool] = lambda: True,
    ) -> None:
        """`underway` is None for a log that only this process has; `has_room` tells whether the disk is not yet nearly
        full. It is asked once a second, and may raise OSError. `takes_files` tells whether the log could begin a new
        file in its directory, as it does each day."""
        self._has_room, self._takes_files = has_room, takes_files
        self._roomy, self._looked = True, float("-inf")
        self._open_lines = opened
        self._lines: AuditLines | None = None
        self.underway = underway
        self.behind = False
        """Whether a change was made that the log lacks. INVARIANT: no other is made before it is filled in."""
        self.shown: Callable[[bytes], None] | None = None
        """Shows recorded lines to whoever watches."""
        self._room = 0
        """How much was promised for changes to come, so that not each has to ask."""
        self._busy = Lock()

    @property
    def lines(self) -> AuditLines:
        """Raises Unavailable."""
        with self._busy:
            if self._lines is None:
                try:
                    self._lines = self._open_lines()
                except OSError as problem:
                    raise Unavailable(f"The audit log cannot be opened: {problem}.") from problem
            return self._lines

    @property
    def last(self) -> Tip | None:
        """The place of the log's last line, whoever wrote it; None for a log without a chain. Raises Unavailable."""
        lines = self.lines
        return lines.look() if isinstance(lines, ChainedLines) else None

    @property
    def log(self) -> str:
        """What the log is called. Raises Unavailable."""
        return self.lines.log

    @property
    def state(self) -> Literal["writable", "not writable", "disk nearly full", "behind"]:
        """Whether calls can be recorded; if not, why no change is made, or none when the log begins a new file."""
        if self.behind:
            return "behind"
        if not self._takes_files() or (self._lines is not None and self._lines.refusal is not None):
            return "not writable"
        try:
            return "writable" if self._is_roomy() else "disk nearly full"
        except Unavailable:
            return "disk nearly full"

    def check_room(self) -> None:
        """Raises NoRoom if the disk is nearly full: what would be recorded is not begun then."""
        if not self._is_roomy():
            raise NoRoom("The disk of the data directory is nearly full. No change is made before it has room again.")

    @contextmanager
    def recording(self, events: Sequence[str]) -> Iterator[None]:
        """Record these, JSON texts, once the block ends, which commits them.

        Raises Unavailable, before anything is committed, if there is no room for them.
        """
        if self.behind:
            raise Unavailable("The audit log lacks a change that was made. No other is made before it is filled in.")
        self.check_room()
        lines = ("\n".join(events) + "\n").encode()
        size = len(lines) + MEMBER_BYTES * len(events)
        with self.underway.change() if self.underway is not None else nullcontext():
            self._take_room(size)
            try:
                yield
            except BaseException:
                self._room += size
                raise
            self._keep(lines, size)

    def _is_roomy(self) -> bool:
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            try:
                self._roomy, self._looked = self._has_room(), now
            except OSError as problem:
                raise Unavailable(f"Nobody can tell how full the disk of the audit log is: {problem}.") from problem
        return self._roomy

    def _take_room(self, size: int) -> None:
        if size > self._room:
            more = max(size, _ROOM)
            self.lines.promise(more)
            self._room += more
        self._room -= size

    def _keep(self, lines: bytes, size: int) -> None:
        try:
            self.lines.keep(lines, size)
        except Unavailable as problem:
            self.behind = True
            _LOG.exception("a change was made, and its event is in the database alone: %s", problem.message)
        if self.shown is not None:
            self.shown(lines)

    def close(self) -> None:
        with self._busy, suppress(OSError):
            if self._lines is not None:
                self._lines.close()
            if self.underway is not None:
                self.underway.close()
