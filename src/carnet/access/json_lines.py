"""Append-only files of one JSON object a line, which several processes may share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from carnet.base.faults import Unavailable

_ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""Characters that JSON lets stand and that a terminal or a reader of lines takes for more than text."""


class JsonLines:
    """Appends events to a file.

    INVARIANT: lines are given to the operating system in one append, so that those of several processes do not mix, and
    no kill of this process loses what was written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._torn = False

    def append(self, *objects: dict[str, Any]) -> None:
        """Add a line for each object, all of them in one append; Unavailable where the disk refuses."""
        self.write(b"".join(map(line_of, objects)))

    def write(self, lines: bytes) -> None:
        """Add lines that `line_of` made, in one append; Unavailable where the disk refuses."""
        if self._torn:
            lines = b"\n" + lines  # after what the disk took of the last one
        try:
            written = os.write(self._file, lines)
        except OSError as problem:
            raise Unavailable("The audit log cannot be written.") from problem
        self._torn = written != len(lines)
        if self._torn:
            raise Unavailable("The audit log cannot be written.")

    def close(self) -> None:
        """Let go of the file; nothing can be appended afterwards."""
        os.close(self._file)


def line_of(value: dict[str, Any]) -> bytes:
    """The object as one line; raises TypeError for what is no JSON."""
    encoded = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return encoded.decode().translate(_ESCAPED).encode()
