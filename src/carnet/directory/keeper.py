"""Keeps the directory's snapshot on the disk: writes a new one from time to time, and at the end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from carnet.base.clock import Clock
from carnet.base.whole_file import sync_directory
from carnet.directory.directory import Directory
from carnet.directory.kept_snapshot import KeptSnapshot, Known, sealed_parts
from carnet.keyring.master_key import Wrapping
from carnet.store.changes import Revision

KEEP_SECONDS = 30.0
"""How often a changed snapshot is written."""
_LEAST_PAUSE = 20.0
"""The pause is so many times as long as the writing: a large installation is written less often."""
_AT_ONCE = timedelta(seconds=1)
_OWNER_ONLY = 0o600


class Keeper:
    """Writes the file of one data directory. If there are several processes, the first one writes until it ends."""

    def __init__(
        self,
        path: Path,
        directory: Directory,
        master: Wrapping,
        clock: Clock,
        *,
        renewed: timedelta,
        known: Known | None = None,
    ) -> None:
        """`renewed` is how old the file may become while nothing changes; `known` is the state that it contains."""
        self._path = path
        self._directory = directory
        self._master = master
        self._clock = clock
        self._renewed = renewed
        self._written = known
        self._turn: int | None = None
        """The file descriptor that holds the lock for writing."""

    def keep(self) -> float:
        """Write the snapshot if it has changed or the file is old; returns the seconds until the next time."""
        directory = self._directory
        kept = KeptSnapshot(installation=directory.installation, snapshot=directory.snapshot, as_of=self._as_of())
        if self._directory.lost or not self._is_due(*kept.known) or not self._has_turn():
            return KEEP_SECONDS
        began = monotonic()
        with _replace_file(self._path) as descriptor:
            for part in sealed_parts(kept, self._master):
                _write_whole(descriptor, part)
        self._written = kept.known
        return max(KEEP_SECONDS, _LEAST_PAUSE * (monotonic() - began))

    def close(self) -> None:
        """Write the newest snapshot and its time, and let another process write."""
        self._renewed = min(self._renewed, _AT_ONCE)
        try:
            self.keep()
        finally:
            if self._turn is not None:
                os.close(self._turn)
                self._turn = None

    def _as_of(self) -> datetime:
        return self._clock() - timedelta(seconds=self._directory.staleness)

    def _is_due(self, revision: Revision, as_of: datetime) -> bool:
        if self._written is None:
            return True
        written, when = self._written
        return written != revision or as_of - when > self._renewed

    def _has_turn(self) -> bool:
        if self._turn is not None:
            return True
        lock = self._path.with_name(f"{self._path.name}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._turn = descriptor
        return True


@contextmanager
def _replace_file(path: Path) -> Iterator[int]:
    """A descriptor for the new file at `path`.

    INVARIANT: whenever the process or the machine dies, the file is either complete or as it was before. The writer has
    the lock, so that there is one draft only.
    """
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
    try:
        yield descriptor
        os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_directory(path.parent)


def _write_whole(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
