"""The events of changes that other nodes have recorded: each is in the database, beside the change that it tells of.

What other nodes have only read or refused is in their own logs, and not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from carnet.audit.history import Read
from carnet.audit.reading import parsed
from carnet.store.store import Store

_SPAN = 1_000
"""Revisions that are looked through at once."""
_SPAN_BYTES = 1024 * 1024
"""What looking through them counts for, beside what is found: about as much as it reads."""
_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ElsewhereRecorded:
    """A source of `history.EventHistory`. A place is a revision and the number of an event there."""

    store: Store
    own_log: Callable[[], str]
    """What the log of this node is called, whose events are left out; raises Unavailable."""

    def read(self, account: str | None, start: str | None) -> Iterator[Read]:
        """Raises LookupError for a start that is no place."""
        before = self._first_place(start)
        own = self.own_log()
        while before[0] > 0:
            lowest = max(before[0] - _SPAN, 0)
            for seq, ordinal, event in self.store.events_elsewhere(own, account, before=before, down_to=lowest):
                yield Read(f"{seq}.{ordinal}", event.encode(), len(event))
            before = (lowest, 0)
            yield Read(f"{lowest}.0", b"", _SPAN_BYTES, self._time_at(lowest))

    def _time_at(self, seq: int) -> str | None:
        first = self.store.first_event(seq)
        event = parsed(first.encode()) if first is not None else None
        return event["eventTime"] if event is not None else None

    def _first_place(self, start: str | None) -> tuple[int, int]:
        if start is None:
            return self.store.revision().seq + 1, 0
        place = _PLACE.fullmatch(start)
        if place is None:
            raise LookupError(start)
        return int(place[1]), int(place[2])
