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

    INVARIANT: a line is given to the operating system in one append before its call is answered, so no kill of the
    process loses the event of an answered call, and lines of several processes do not mix.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._torn = False

    def append(self, *objects: dict[str, Any]) -> None:
        """Add a line for each object, all of them in one append; Unavailable where the disk refuses."""
        line = b"".join(map(_line, objects))
        if self._torn:
            line = b"\n" + line  # after what the disk took of the last one
        try:
            written = os.write(self._file, line)
        except OSError as problem:
            raise Unavailable("The audit log cannot be written.") from problem
        self._torn = written != len(line)
        if self._torn:
            raise Unavailable("The audit log cannot be written.")

    def close(self) -> None:
        """Let go of the file; nothing can be appended afterwards."""
        os.close(self._file)


def _line(value: dict[str, Any]) -> bytes:
    encoded = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return encoded.decode().translate(_ESCAPED).encode()
