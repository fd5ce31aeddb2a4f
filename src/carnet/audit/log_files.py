"""Append-only files of one JSON object a line, which several processes may share, and which may be moved away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from carnet.audit.append_file import UNWRITABLE, AppendFile
from carnet.audit.json_line import line_of
from carnet.base.faults import Unavailable

_LOOK_SECONDS = 1.0
"""How long lines may still go to a file that was moved away."""
UNKNOWN = -1


class JsonLines:
    """Appends events to a file. Safe to use from several threads.

    INVARIANT: lines are given to the operating system in one append, while no other process appends, and all of them or
    none are in the file afterwards. So no kill of this process loses what was written, and nothing is written behind a
    part of a line.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        self._file = AppendFile(path)
        self._end = UNKNOWN
        """Where the file ended when this process was there last."""
        self._looked = time.monotonic()
        self._busy = Lock()

    def follow(self) -> bool:
        """Begin a new file if the one so far was moved away or removed, which is how logs are rotated.

        Whether it did; it looks once a second. Raises Unavailable if no file can be begun.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return False
        with self._busy:
            try:
                moved = not self._file.is_at(self._path)
                if moved:
                    self._leave()
                    self._begin()
            except OSError as problem:
                raise Unavailable(UNWRITABLE) from problem
        self._looked = time.monotonic()
        return moved

    def _leave(self) -> None:
        """What is to be done with a file that was moved away."""

    def _begin(self) -> None:
        former, self._file, self._end = self._file, AppendFile(self._path), UNKNOWN
        former.close()

    def append(self, *objects: dict[str, Any]) -> None:
        """Add a line for each object, all of them in one append; Unavailable if the disk refuses."""
        self.write(b"".join(map(line_of, objects)))

    def write(self, lines: bytes) -> None:
        """Add lines that `line_of` made, in one append; Unavailable if the disk refuses."""
        with self._busy:  # as `_alone`, which would take as long as the lock itself
            self._file.lock()
            try:
                end = self._whole()
                self._make_room(lines, end)
                self._add(lines, end)
            finally:
                self._file.unlock()

    def _make_room(self, lines: bytes, end: int) -> None:
        """What is to be done before these are added."""

    def _add(self, lines: bytes, end: int) -> None:
        self._file.append(lines, end)
        self._end = end + len(lines)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """No other thread and no other process appends meanwhile; gives where the file ends, behind a whole line."""
        with self._busy:
            self._file.lock()
            try:
                yield self._whole()
            finally:
                self._file.unlock()

    def _whole(self) -> int:
        """Where the file ends, once it ends with a whole line. What a crash has left of one stays a line of its own."""
        end = self._file.end()
        if end != self._end and end and self._file.tail(end, 1) != b"\n":
            self._add(b"\n", end)
            end = self._end
        return end

    def close(self) -> None:
        """Let go of the file; nothing can be appended afterwards."""
        self._file.close()
