"""Room on the disk that is reserved for a file, behind its end.

https://man7.org/linux/man-pages/man2/fallocate.2.html
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

SLACK = 1024 * 1024
"""How much room is kept behind all that was promised to this process, for what others were promised."""
_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE: what is reserved is no part of the file, and readers do not meet it."""
_NOT_HERE = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV, errno.ESPIPE)
"""How a file system says that it reserves nothing."""


def allocate(file: int, directory: Path, end: int, size: int) -> int | None:
    """Reserve `size` bytes behind `end`; up to where there is room then, or None if there is not as much.

    INVARIANT: it is room of this file: nothing else that fills the disk takes it. A file system that reserves nothing
    must have that room at this moment, which is all that can be said there.
    """
    problem = 0
    # Somewhat more, so that one reservation is made for many lines; if there is no such room, what is needed.
    for wanted in (size + SLACK, size):
        problem = _fallocated(file, end, wanted)
        if not problem:
            return end + wanted
    return end + size if problem in _NOT_HERE and free(directory) >= size else None


def free(directory: Path) -> int:
    """How many bytes the disk has for those who are not root. Raises OSError."""
    told = os.statvfs(directory)
    return told.f_bavail * told.f_frsize


def _fallocated(file: int, begin: int, size: int) -> int:
    """0, or why it could not be done (`errno`)."""
    fallocate = _fallocate()
    return errno.ENOSYS if fallocate is None else fallocate(file, begin, size)


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
