"""Append-only files of one JSON object a line, which several processes may share, and which may be moved away.

https://man7.org/linux/man-pages/man2/flock.2.html
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

from carnet.audit.chain import MEMBER_BYTES, Tip, linked
from carnet.audit.json_line import line_of
from carnet.audit.room import SLACK, allocate
from carnet.base.faults import Unavailable

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
"""How long lines may still go to a file that was moved away."""
_WAIT_SECONDS = 2.0
"""How long another process may keep the file: it does for some microseconds, unless it was stopped just then."""
_LOOK_AGAIN_SECONDS = 0.0005
_UNKNOWN = -1


class JsonLines:
    """Appends events to a file. Safe to use from several threads.

    INVARIANT: lines are given to the operating system in one append, while no other process appends, and all of them or
    none are in the file afterwards. So no kill of this process loses what was written, and nothing is written behind a
    part of a line.
    """

    def __init__(self, path: Path, called: str = "audit log") -> None:
        """`called` is what callers know the file by. Raises OSError."""
        self.path = path
        self.refusal: str | None = None
        """Why the last lines could not be written; None if they were."""
        self._called = called
        self._file = opened(path)
        self._end = _UNKNOWN
        """Where the file ended when this process was there last."""
        self._tip: Tip | None = None
        """The last line, if the lines are a chain."""
        self._room = 0
        """Up to where room was reserved."""
        self._promised = 0
        self._looked = time.monotonic()
        self._busy = Lock()

    def follow(self) -> bool:
        """Begin a new file if the one so far was moved away or removed, which is how logs are rotated.

        Whether it did, or somebody has cut the file off since this process wrote into it; it looks for another file
        once a second. Raises Unavailable if no file can be begun.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return self._is_cut_off()
        with self._busy, self._as_unavailable():
            moved = not self._is_here()
            if moved:
                self._leave()
                self._begin()
        self._looked = time.monotonic()
        return moved or self._is_cut_off()

    def _is_cut_off(self) -> bool:
        return os.fstat(self._file).st_size < self._end

    def append(self, *objects: dict[str, Any]) -> None:
        """Add a line for each object, all of them in one append; Unavailable if the disk refuses."""
        self.write(b"".join(map(line_of, objects)))

    def write(self, lines: bytes) -> None:
        """Add lines that `line_of` made, in one append; Unavailable if the disk refuses."""
        self._append(lines)

    def promise(self, size: int) -> None:
        """Reserve room for so many bytes, whatever else fills the disk meanwhile; Unavailable if there is none.

        INVARIANT: what was not promised leaves that room alone, and SLACK for what other processes were promised.
        """
        with self._hold_file() as end:
            self._reserve(end, self._promised + size)
            self._promised += size

    def keep(self, lines: bytes, size: int) -> None:
        """Write lines for which `size` was promised, and end the promise. Raises Unavailable all the same."""
        self._append(lines, size)

    def _append(self, lines: bytes, promised: int = 0) -> None:
        try:
            with self._busy:  # as `_hold_file`, which would take as long as the lock itself
                self._lock()
                try:
                    end = self._whole()
                    self._promised -= promised
                    if self._tip is not None and not promised:
                        self._reserve(end, self._promised + len(lines) + MEMBER_BYTES * lines.count(b"\n"))
                    self._add(lines, end)
                finally:
                    self._unlock()
        except OSError as problem:
            self._refuse(problem)
        except Unavailable as problem:
            self._tell(problem.message)
            raise
        if self.refusal is not None:
            self.refusal = None
            _LOG.warning("%s is written again", self.path)

    @contextmanager
    def _hold_file(self) -> Iterator[int]:
        """No other thread and no other process appends meanwhile; gives where the file ends, behind a whole line."""
        with self._busy, self._as_unavailable():
            self._lock()
            try:
                yield self._whole()
            finally:
                self._unlock()

    @contextmanager
    def _as_unavailable(self) -> Iterator[None]:
        """Turn what the system refuses into Unavailable."""
        try:
            yield
        except OSError as problem:
            self._refuse(problem)

    def _refuse(self, problem: OSError) -> NoReturn:
        """Raises Unavailable. The log says why, which tells callers nothing."""
        self._tell(str(problem.strerror))
        raise Unavailable(f"The {self._called} cannot be written.") from problem

    def _tell(self, reason: str) -> None:
        """Say it once, until lines are written again: each call that is refused would say it anew."""
        if self.refusal is None:
            _LOG.error("%s cannot be written, and what it has to tell of is refused: %s", self.path, reason)
        self.refusal = reason

    def _lock(self) -> None:
        """Wait for other processes. Raises Unavailable, OSError."""
        until = 0.0
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                until = until or time.monotonic() + _WAIT_SECONDS
                if time.monotonic() >= until:
                    raise Unavailable(f"Another process holds the {self._called}.") from problem
                time.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return

    def _unlock(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def _whole(self) -> int:
        """Where the file ends, once it ends with a whole line."""
        end = os.lseek(self._file, 0, os.SEEK_END)
        if end < self._end:  # somebody has cut it off, and with that given up what was reserved
            self._room = 0
        return end if end == self._end else self._take_up(end)

    def _take_up(self, end: int) -> int:
        """The same if others have written. What a crash has left of a line stays a line of its own."""
        if end and tail(self._file, end, 1) != b"\n":
            self._put(b"\n", end)
            end += 1
        self._end = end
        return end

    def _add(self, lines: bytes, end: int) -> None:
        tip = self._tip
        if tip is not None:
            tip, lines = linked(tip, lines)
        self._put(lines, end)
        self._tip = tip

    def _put(self, lines: bytes, end: int) -> None:
        """Add all of these at the end, or nothing. Raises OSError."""
        written = os.write(self._file, lines)
        if written != len(lines):
            self._take_back(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end = end + written

    def _take_back(self, end: int) -> None:
        """Cut off what the disk took of the last lines. Nobody else has appended since, for the lock is held."""
        with suppress(OSError, Unavailable):
            os.ftruncate(self._file, end)  # which gives up what was reserved, too
            self._room = 0
            if self._tip is not None:
                self._reserve(end, self._promised)

    def _reserve(self, end: int, size: int) -> None:
        """See to it that this many bytes have room behind `end`, and SLACK behind them. Raises Unavailable."""
        needed = end + size + SLACK
        if needed > self._room:
            room = allocate(self._file, self.path.parent, end, needed - end)
            if room is None:
                raise Unavailable(f"The {self._called} cannot be written. The disk has no room for it.")
            self._room = room

    def _is_here(self) -> bool:
        """Whether the file is still the one at the path. Raises OSError."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._file))

    def _leave(self) -> None:
        """What is to be done with a file that was moved away."""

    def _begin(self) -> None:
        """Go on with the file that is at the path now. Raises OSError."""
        former, self._file, self._end, self._room = self._file, opened(self.path), _UNKNOWN, 0
        os.close(former)

    def close(self) -> None:
        """Let go of the file; nothing can be appended afterwards."""
        os.close(self._file)


def opened(path: Path) -> int:
    """The file, made if need be. Raises OSError."""
    # Its own directory alone: a data directory that was removed is not to come back empty, and open to everybody.
    path.parent.mkdir(exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def tail(file: int, end: int, size: int) -> bytes:
    """At most `size` bytes before `end`. Raises OSError."""
    begin = max(0, end - size)
    return os.pread(file, end - begin, begin)
