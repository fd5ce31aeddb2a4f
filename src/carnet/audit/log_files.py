"""Append-only files of one JSON object a line, which several processes may share, and which may be moved away."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import orjson

from carnet.base.faults import Unavailable

_LOOK_SECONDS = 1.0
"""How long lines may still go to a file that was moved away."""
_UNWRITABLE = "The audit log cannot be written."
_ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""Characters that JSON lets stand and that a terminal or a reader of lines takes for more than text."""


class JsonLines:
    """Appends events to a file.

    INVARIANT: lines are given to the operating system in one append, so that those of several processes do not mix, and
    no kill of this process loses what was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open(path)
        self._looked = time.monotonic()
        self._torn = False

    def follow(self) -> bool:
        """Begin a new file if the one so far was moved away or removed, which is how logs are rotated.

        Whether it did; it looks once a second. Raises Unavailable if no file can be begun.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return False
        try:
            moved = self._is_moved()
            if moved:
                former, self._file, self._torn = self._file, _open(self._path), False
                os.close(former)
        except OSError as problem:
            raise Unavailable(_UNWRITABLE) from problem
        self._looked = time.monotonic()
        return moved

    def _is_moved(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(self._file))

    def append(self, *objects: dict[str, Any]) -> None:
        """Add a line for each object, all of them in one append; Unavailable if the disk refuses."""
        self.write(b"".join(map(line_of, objects)))

    def write(self, lines: bytes) -> None:
        """Add lines that `line_of` made, in one append; Unavailable if the disk refuses."""
        if self._torn:
            lines = b"\n" + lines  # after what the disk took of the last one
        try:
            written = os.write(self._file, lines)
        except OSError as problem:
            raise Unavailable(_UNWRITABLE) from problem
        self._torn = written != len(lines)
        if self._torn:
            raise Unavailable(_UNWRITABLE)

    def close(self) -> None:
        """Let go of the file; nothing can be appended afterwards."""
        os.close(self._file)


def _open(path: Path) -> int:
    # Its own directory alone: a data directory that was removed is not to come back empty, and open to everybody.
    path.parent.mkdir(exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def line_of(value: dict[str, Any]) -> bytes:
    """The object as one line; raises TypeError for what is no JSON."""
    encoded = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return encoded.decode().translate(_ESCAPED).encode()
