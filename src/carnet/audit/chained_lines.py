"""The files of the audit log, whose lines are a chain (`audit/chain.py`), whichever processes append them.

Beside events there are lines in which the log tells of itself: `segment` begins a file, or a process that finds other
lines than it left, and names the line before; `segmentEnds` is the last line of a file that was moved away; `tornLine`
stands behind what a crash has left of a line.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from carnet.audit.chain import Tip, beginning, linked, place_of
from carnet.audit.json_line import line_of
from carnet.audit.log_files import JsonLines, tail
from carnet.audit.segments import Segments
from carnet.base.clock import Clock
from carnet.base.timestamps import iso_seconds

_LOG = logging.getLogger(__name__)
_ENDS = b'{"segmentEnds":'
_LAST_LINE_BYTES = 1024
"""Longer than a line that ends a file, and than what the end of any other tells of its place."""
_PIECE = 64 * 1024
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class ChainedLines(JsonLines):
    """Appends to the audit log."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises OSError, and Unavailable."""
        self._clock = clock
        super().__init__(path)
        try:
            with self._hold_file():
                pass  # which finds the last line, or writes the first one
        except BaseException:
            self.close()
            raise

    @property
    def log(self) -> str:
        """What the log is called, in its lines and in the rows of its events."""
        return self._last.log

    @property
    def _last(self) -> Tip:
        assert self._tip is not None, "it was found when the log was opened"
        return self._tip

    def look(self) -> Tip:
        """The last line of the log, whoever has written it; Unavailable if that cannot be seen."""
        with self._hold_file():
            return self._last

    def _take_up(self, end: int) -> int:
        """Take up the chain where others have left it, or begin it."""
        last, torn = _last_lines(self._file, end)
        if last.startswith(_ENDS) and not self._is_here():
            self._go_on_behind(place_of(last))
            self._begin()
            self._lock()
            return self._whole()
        if torn:
            self._put(b"\n", end)
            end += 1
        if place_of(torn) is not None:
            last, torn = torn, b""
        own = self._go_on_behind(place_of(last)) if end else self._begin_segment()
        if torn:
            own = line_of({"tornLine": {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}}) + own
            _LOG.warning("%s had %d bytes of an unfinished line, which a crash has left", self.path, len(torn))
        self._end = end
        if own:
            self._add(own, end)
        return self._end

    def _go_on_behind(self, place: Tip | None) -> bytes:
        """Go on behind the last line, which has this place; gives the line that tells of what does not go together."""
        known = self._tip
        if place is None:
            self._tip = known or beginning(_new_log())
            return self._segment(self._tip)
        if known is None or _leads_to(known, place):
            self._tip = place
            return b""
        # INVARIANT: what this process has seen in the log does not go unseen. Behind lines that were cut off or altered
        # it goes on from the last one that it knows, so that they are missed; in another log it names that one.
        if place.log != known.log:
            self._tip = place
        else:
            _LOG.error("%s does not have the lines that were written last: it was cut off or altered", self.path)
        return self._segment(known)

    def _begin_segment(self) -> bytes:
        """Take up the chain in a new file."""
        if self._tip is None:
            rolled = Segments(self.path).newest_first()[1:]
            self._tip = _end_of_newest(rolled, self._clock) or beginning(_new_log())
        return self._segment(self._tip)

    def _leave(self) -> None:
        """End the file that was moved away, so that no other process goes on in it."""
        self._lock()
        try:
            self._whole()
            if not self._is_here():
                self._tip = _end(self._file, self._last, self._clock)
        finally:
            self._unlock()

    def _segment(self, previous: Tip) -> bytes:
        told: Mapping[str, Any] = {
            "log": previous.log,
            "previous": {"number": previous.number, "hash": previous.hash.hex()} if previous.number else None,
            "node": os.uname().nodename,
            "boot": _boot(),
            "process": os.getpid(),
            "time": iso_seconds(self._clock()),
        }
        return line_of({"segment": told})


def _end_of_newest(rolled: list[Path], clock: Clock) -> Tip | None:
    """The end of the newest of the files that were moved away, if it is of the chain. Nobody goes on in it then."""
    if not rolled:
        return None
    former = _Former(rolled[0])
    try:
        return former.ended(clock)
    finally:
        former.close()


class _Former(JsonLines):
    """A file that was moved away, perhaps while nobody was there to end it."""

    def ended(self, clock: Clock) -> Tip | None:
        with self._hold_file() as end:
            last, _ = _last_lines(self._file, end)
            tip = place_of(last)
            return tip if tip is None or last.startswith(_ENDS) else _end(self._file, tip, clock)


def _end(file: int, tip: Tip, clock: Clock) -> Tip:
    """Write the last line of a file, and give back what was reserved behind it. Raises OSError."""
    ended, line = linked(tip, line_of({"segmentEnds": {"time": iso_seconds(clock())}}))
    os.write(file, line)
    os.ftruncate(file, os.lseek(file, 0, os.SEEK_END))
    return ended


def _last_lines(file: int, end: int) -> tuple[bytes, bytes]:
    """(the end of the last whole line, what stands behind it)."""
    size, piece = _PIECE, tail(file, end, _LAST_LINE_BYTES)
    while b"\n" not in piece and len(piece) < end:
        piece = tail(file, end, size)
        size *= 2
    torn = piece.rpartition(b"\n")[2]
    whole = end - len(torn) - 1
    last = tail(file, whole, _LAST_LINE_BYTES) if whole > 0 else b""
    return last.rpartition(b"\n")[2], torn


def _leads_to(known: Tip, place: Tip) -> bool:
    return known.log == place.log and (known.number < place.number or known == place)


def _boot() -> str | None:
    with suppress(OSError):
        return _BOOT.read_text().strip()
    return None


def _new_log() -> str:
    return secrets.token_hex(8)
