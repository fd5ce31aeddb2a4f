"""The newest lines of a log that no file holds: what a server in memory keeps of its events and denials."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any, Protocol

from carnet.audit.json_line import line_of

_MOST_BYTES = 32 * 1024 * 1024


class Lines(Protocol):
    """Where events are appended, a line each: `log_files.JsonLines` or `MemoryLines`."""

    @property
    def refusal(self) -> str | None:
        """Why the last lines could not be kept; None if they were."""

    def follow(self) -> bool:
        """Whether what is appended from now on begins a new log, which says nothing of what the former one held."""

    def append(self, *objects: dict[str, Any]) -> None:
        """Add a line for each object; raises Unavailable if they cannot be kept."""

    def write(self, lines: bytes) -> None:
        """Add lines that `line_of` made; raises Unavailable if they cannot be kept."""

    def close(self) -> None:
        """Nothing can be appended afterwards."""


class MemoryLines:
    """Keeps between a half and the whole of `most_bytes`. Safe to use from several threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._half = most_bytes // 2
        self._former: list[bytes] = []
        self._newest: list[bytes] = []
        self._bytes = 0
        self._busy = Lock()

    @property
    def refusal(self) -> None:
        """There is always room."""

    def follow(self) -> bool:
        """Forget the older half if the newer one is full, as a file is moved away; whether it did."""
        with self._busy:
            if self._bytes <= self._half:
                return False
            self._former, self._newest, self._bytes = self._newest, [], 0
            return True

    def append(self, *objects: dict[str, Any]) -> None:
        self.write(b"".join(map(line_of, objects)))

    def write(self, lines: bytes) -> None:
        with self._busy:
            self._newest.append(lines)
            self._bytes += len(lines)

    @property
    def log(self) -> str:
        return "memory"

    def promise(self, size: int) -> None:
        """There is room."""

    def keep(self, lines: bytes, size: int) -> None:
        self.write(lines)

    def lines(self) -> Iterator[bytes]:
        """Every line that is kept, the oldest first, with its end."""
        for appended in (*self._former, *self._newest):
            yield from appended.splitlines(keepends=True)

    def newest_first(self) -> Iterator[Iterator[bytes]]:
        """Every line, without its end, the newest first, as of one file that is read backwards."""
        yield (line for appended in (*self._newest[::-1], *self._former[::-1]) for line in appended.splitlines()[::-1])

    def close(self) -> None:
        """What was appended can still be read."""
