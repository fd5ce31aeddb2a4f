"""Files that are under their name whole or as they were before, whenever a process or the machine ends.

What is written goes to a draft beside the file. A process that is killed leaves its draft behind, which may hold
secrets: whoever writes the file next removes it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DRAFT = ".carnet-draft"
"""How names of drafts end."""


@contextmanager
def whole_file(path: Path, *, mode: int = 0o600, replace: bool = True) -> Iterator[BinaryIO]:
    """What is written within the block is the file when it has ended, durably; if it raises, nothing has changed.

    Its owner alone can read it from the first byte on. Without `replace` a file that is there stays: FileExistsError.
    Raises OSError.
    """
    _remove_left(path)
    draft, descriptor = _begin_draft(path)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            if replace:
                os.replace(draft, path)
            else:
                os.link(draft, path)
                os.unlink(draft)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Let the names in it last. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drafts_of(path: Path) -> list[Path]:
    """The drafts of the file that are there."""
    begin = f".{path.name}."
    with suppress(OSError):
        return [path.with_name(name) for name in os.listdir(path.parent) if _is_draft(name, begin)]
    return []


def _is_draft(name: str, begin: str) -> bool:
    return name.startswith(begin) and name.endswith(DRAFT)


def _begin_draft(path: Path) -> tuple[str, int]:
    """A new draft, and its descriptor, which holds its lock.

    INVARIANT: whose lock is free was left behind. It is free for a moment when the draft was made: who was taken for
    gone just then makes another one.
    """
    from tempfile import mkstemp  # commands that write nothing start without it

    while True:
        try:
            descriptor, draft = mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=DRAFT)
        except OSError as problem:  # it names the draft, which nobody knows of
            raise OSError(problem.errno, problem.strerror, str(path)) from problem
        with suppress(OSError):  # where nothing can be locked, nothing is removed either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.lexists(draft):
            return draft, descriptor
        os.close(descriptor)


def _remove_left(path: Path) -> None:
    for draft in drafts_of(path):
        with suppress(OSError):
            descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(draft)
            finally:
                os.close(descriptor)
