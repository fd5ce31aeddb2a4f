"""A file of lines that several processes append to, one at a time, and in which room is reserved.

https://man7.org/linux/man-pages/man2/flock.2.html https://man7.org/linux/man-pages/man2/fallocate.2.html
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from carnet.base.faults import Unavailable

UNWRITABLE = "The audit log cannot be written."
SLACK = 1024 * 1024
"""How much room is kept behind the end of the file for what was promised, beside what was promised itself."""
_WAIT_SECONDS = 2.0
"""How long another process may keep the file: it does for some microseconds, unless it was stopped just then."""
_LOOK_AGAIN_SECONDS = 0.0005
_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE: what is reserved is no part of the file, and readers do not meet it."""
_NOT_HERE = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV, errno.ESPIPE)
"""How a file system says that it reserves nothing."""


class AppendFile:
    """One file, open. All but `lock` is for who holds the lock; every method raises Unavailable."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        # Its own directory alone: a data directory that was removed is not to come back empty, and open to everybody.
        path.parent.mkdir(exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._path = path
        self._reserved = 0
        """Up to where this process has seen room."""

    def lock(self) -> None:
        """Wait for the other processes."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait_for_lock()
        except OSError as problem:
            raise Unavailable(UNWRITABLE) from problem

    def _wait_for_lock(self) -> None:
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                if time.monotonic() >= until:
                    raise Unavailable("Another process holds the audit log.") from problem
                time.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return

    def unlock(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def end(self) -> int:
        """How long the file is."""
        return os.lseek(self._file, 0, os.SEEK_END)

    def tail(self, end: int, size: int) -> bytes:
        """At most `size` bytes before `end`."""
        begin = max(0, end - size)
        try:
            return os.pread(self._file, end - begin, begin)
        except OSError as problem:
            raise Unavailable(UNWRITABLE) from problem

    def append(self, lines: bytes, end: int) -> None:
        """Add all of these at the end, or nothing."""
        try:
            written = os.write(self._file, lines)
        except OSError as problem:
            raise Unavailable(UNWRITABLE) from problem
        if written != len(lines):
            self._take_back(end)
            raise Unavailable(UNWRITABLE)

    def _take_back(self, end: int) -> None:
        """Cut off what the disk took of the last lines. Nobody else has appended since, for the lock is held."""
        with suppress(OSError):
            os.ftruncate(self._file, end)  # which gives up what was reserved, too
            self._reserved = 0
            self.reserve(end, 0)

    def reserve(self, end: int, size: int) -> None:
        """See to it that this many bytes have room behind `end`, and SLACK behind them.

        INVARIANT: it is room of this file: nothing else that fills the disk takes it. Where a file system cannot
        reserve, the disk must have that room at this moment, which is all that can be said there.
        """
        needed = end + size + SLACK
        if needed <= self._reserved:
            return
        # Somewhat more, so that one reservation is made for many lines; if there is no such room, what is needed.
        problem = 0
        for wanted in (needed + SLACK, needed):
            problem = _allocate(self._file, end, wanted - end)
            if not problem:
                self._reserved = wanted
                return
        if problem not in _NOT_HERE or _free(self._path.parent) < needed - end:
            raise Unavailable(f"{UNWRITABLE} The disk has no room for it.")

    def release(self, end: int) -> None:
        """Give the room back, when nobody appends any more."""
        with suppress(OSError):
            os.ftruncate(self._file, end)
        self._reserved = 0

    def is_at(self, path: Path) -> bool:
        """Whether it is still the file at that path. Raises OSError."""
        try:
            there = path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._file))

    def close(self) -> None:
        """Nothing can be appended afterwards."""
        os.close(self._file)


def _allocate(file: int, begin: int, size: int) -> int:
    """0, or why it could not be done (`errno`)."""
    allocate = _fallocate()
    return errno.ENOSYS if allocate is None else allocate(file, begin, size)


@cache
def _fallocate() -> Callable[[int, int, int], int] | None:
    """The system's call: Python has but the one that makes the file longer, and readers would find zeros in it."""
    import ctypes  # of the commands, most append nothing

    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "fallocate64", None) or getattr(libc, "fallocate", None)
    if call is None:
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

    def allocate(file: int, begin: int, size: int) -> int:
        return ctypes.get_errno() if call(file, _KEEP_SIZE, begin, size) else 0

    return allocate


def _free(directory: Path) -> int:
    told = os.statvfs(directory)
    return told.f_bavail * told.f_frsize
