"""Unpacking beside the requests what a start has left packed, so that none of them has to wait for much of it."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any

from carnet.directory.indexed import Indexed
from carnet.directory.snapshot import Snapshot

LARGE_BYTES = 64 * 1024
"""From which size on: some hundred entities, which take a request some milliseconds."""
_STEP_SECONDS, _PAUSE_SECONDS = 0.1, 0.1
_NOTHING_LEFT_SECONDS = 3600.0


class Unpacking:
    """Goes once through the snapshot that a process has started with."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._rest = _large(snapshot)

    def step(self) -> float:
        """Unpack for a moment; gives the seconds until the next step, in which the requests have the processor."""
        until = monotonic() + _STEP_SECONDS
        for collection in self._rest:
            collection.unpack()
            if monotonic() > until:
                return _PAUSE_SECONDS
        return _NOTHING_LEFT_SECONDS


def _large(snapshot: Snapshot) -> Iterator[Indexed[Any]]:
    views = snapshot.readable
    for view in (views.installation, *views.organizations.values(), *views.accounts.values()):
        for collection in view.collections.values():
            if collection.packed_bytes >= LARGE_BYTES:
                yield collection
