"""Unpacks, between requests, the collections that a start has left packed, so that no request has to wait for a large
one."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any

from carnet.directory.indexed import Indexed
from carnet.directory.snapshot import Snapshot

LARGE_BYTES = 64 * 1024
"""The size from which on collections are unpacked here: some hundred entities, which would delay a request by some
milliseconds."""
_STEP_SECONDS, _PAUSE_SECONDS = 0.1, 0.1
_NOTHING_LEFT_SECONDS = 3600.0


class Unpacking:
    """Goes once through the snapshot that a process has begun with."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._rest = _large(snapshot)

    def step(self) -> float:
        """Unpack for a moment; returns the seconds until the next step, in which requests have the processor."""
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
