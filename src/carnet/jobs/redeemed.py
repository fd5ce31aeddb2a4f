"""Redeemed assertions are forgotten when they are good no longer."""

from __future__ import annotations

from collections.abc import Iterator

from carnet.store.leases import Lease
from carnet.store.redeemed_assertions import expired
from carnet.store.store import Store

FORGET_SECONDS = 60.0
_BATCH = 200


def forget_redeemed(store: Store, lease: Lease) -> Iterator[None]:
    """Remove those whose time is over, some each step. Raises LeaseLost, Unavailable."""
    more = True
    while more:
        with store.write() as unit:
            unit.hold(lease)
            batch = unit.ask(lambda connection, backend: tuple(expired(connection, backend, limit=_BATCH)))
            for assertion in batch:
                unit.remove(assertion)
        more = len(batch) == _BATCH
        yield
