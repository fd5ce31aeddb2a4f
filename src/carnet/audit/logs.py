"""A log: where its lines are appended, and how it is read from its end, on the disk or in memory."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from carnet.audit.chained_lines import ChainedLines
from carnet.audit.log_files import JsonLines
from carnet.audit.memory_lines import Lines, MemoryLines
from carnet.audit.reading import backwards, lines_backwards
from carnet.audit.recorder import AuditLines
from carnet.audit.segments import Segments
from carnet.base.clock import Clock

_POSITION = re.compile(r"[0-9]{1,15}", re.ASCII)


class Log(Protocol):
    """One log of one installation."""

    def open(self) -> Lines:
        """To append to it."""

    def open_chained(self, clock: Clock) -> AuditLines:
        """To append to it as to the audit log, whose lines are a chain, and tell when files begin and end."""

    def parts(self) -> Iterator[Iterator[bytes]]:
        """The lines backwards, in parts that each hold what their lines refer to, the newest first."""

    def read(self, start: str | None) -> Iterator[tuple[str, bytes]]:
        """(a place, the line before it) backwards, from the end or from a place that was told.

        Raises LookupError for a place that is none, or is there no more.
        """


@dataclass(frozen=True, slots=True)
class FileLog:
    """A log on the disk. A place is the digest of a file's first line, and a position there."""

    path: Path

    def open(self) -> JsonLines:
        return JsonLines(self.path, "log of decisions")

    def open_chained(self, clock: Clock) -> ChainedLines:
        """To append to it as to the audit log, whose lines are a chain, and tell when files begin and end."""
        return ChainedLines(self.path, clock)

    def parts(self) -> Iterator[Iterator[bytes]]:
        return (backwards(path) for path in Segments(self.path).newest_first())

    def read(self, start: str | None) -> Iterator[tuple[str, bytes]]:
        named, _, position = start.partition(":") if start is not None else ("", "", "")
        found = start is None
        for path in Segments(self.path).newest_first():
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file:
                name = _name(file)
                if not found and name != named:
                    continue
                end = file.seek(0, os.SEEK_END)
                if not found:
                    if not _POSITION.fullmatch(position):
                        raise LookupError(start)
                    end, found = min(end, int(position)), True
                for begins, line in lines_backwards(file, end):
                    yield f"{name}:{begins}", line
        if not found:
            raise LookupError(start)


def _name(file: BinaryIO) -> str:
    """What does not change when the file is rolled, and is no other's: its first line has an id of its own."""
    return hashlib.sha256(file.readline()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class MemoryLog:
    """A log of which the newest lines are in memory. A place is the digest of a line."""

    lines: MemoryLines = field(default_factory=MemoryLines)

    def open(self) -> MemoryLines:
        return self.lines

    def open_chained(self, clock: Clock) -> MemoryLines:
        """Nobody else can change it, so there is no chain."""
        return self.lines

    def parts(self) -> Iterator[Iterator[bytes]]:
        yield iter([line.rstrip(b"\n") for line in self.lines.lines()][::-1])

    def read(self, start: str | None) -> Iterator[tuple[str, bytes]]:
        found = start is None
        for line in next(self.parts()):
            place = hashlib.sha256(line).hexdigest()
            if found:
                yield place, line
            found = found or place == start
        if not found:
            raise LookupError(start)
