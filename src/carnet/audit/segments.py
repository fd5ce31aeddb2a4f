"""The files of one log: the one that is written, and those that were rolled, kept for a time and up to a size.

`audit.jsonl` is rolled to `audit-20260102T030405.000006Z.jsonl`, the time being that of its end. Files of other names,
such as those that a log rotation of the operating system makes, are not of the log.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_DAY = timedelta(days=1)
_LARGEST = 64 * 1024 * 1024
_SHARE = 8
"""A file is rolled when it has this part of what all may have, so that what goes at once is a small part."""
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_STAMP_FORM = r"-\d{8}T\d{6}\.\d{6}Z"


@dataclass(frozen=True, slots=True)
class Segments:
    """The files of the log whose present file is `path`."""

    path: Path

    def newest_first(self) -> list[Path]:
        """The files that are there, the one that is written before all others."""
        present = [self.path] if self.path.exists() else []
        return present + self._rolled_files()

    def _rolled_files(self) -> list[Path]:
        form = re.compile(re.escape(self.path.stem) + _STAMP_FORM + re.escape(self.path.suffix))
        try:
            names = os.listdir(self.path.parent)
        except FileNotFoundError:
            return []
        return [self.path.parent / name for name in sorted(filter(form.fullmatch, names), reverse=True)]

    def tidy(self, now: datetime, *, age: timedelta, most_bytes: int | None = None) -> list[Path]:
        """Roll the present file if it is large or a day old; remove rolled files that are too old, and the oldest as
        long as all files together have more than `most_bytes`. Another process may do the same at the same moment.

        Gives what it has removed.

        Raises OSError.
        """
        with self._hold_lock() as began:
            if began is None:
                return []
            if began > now:  # by a clock that was ahead: its file would not be a day old for as long
                self._begins(now)
            self._roll(now, began, _LARGEST if most_bytes is None else min(_LARGEST, most_bytes // _SHARE))
            return self._remove(now - age, most_bytes)

    @contextmanager
    def _hold_lock(self) -> Iterator[datetime | None]:
        """When the present file was begun, which is the age of the lock's file; None if another process tidies."""
        if not self.path.exists():
            yield None
            return
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield datetime.fromtimestamp(os.fstat(lock).st_mtime, UTC)
        except BlockingIOError:
            yield None
        finally:
            os.close(lock)

    def _roll(self, now: datetime, began: datetime, most_bytes: int) -> None:
        size = self.path.stat().st_size
        if size < most_bytes and (not size or now - began < _DAY):
            return
        self.path.rename(self.path.with_stem(f"{self.path.stem}-{self._end(now).strftime(_STAMP)}"))
        self._begins(now)

    def _end(self, now: datetime) -> datetime:
        """INVARIANT: the names of files are in their order, also if the clock was ahead when an earlier one ended."""
        rolled = self._rolled_files()
        if not rolled:
            return now
        last = datetime.strptime(rolled[0].stem.rpartition("-")[2], _STAMP).replace(tzinfo=UTC)
        return max(now, last + timedelta(microseconds=1))

    def _begins(self, now: datetime) -> None:
        os.utime(self.path.with_suffix(".lock"), (now.timestamp(), now.timestamp()))

    def _remove(self, oldest: datetime, most_bytes: int | None) -> list[Path]:
        """INVARIANT: the file that is written is never removed, and those that are go from the oldest on."""
        total = self.path.stat().st_size if self.path.exists() else 0
        too_many, removed = False, list[Path]()
        for rolled in self._rolled_files():
            told = rolled.stat()
            total += told.st_size
            too_many = too_many or (most_bytes is not None and total > most_bytes)
            if too_many or datetime.fromtimestamp(told.st_mtime, UTC) < oldest:
                rolled.unlink()
                removed.append(rolled)
        return removed
