"""What is kept for a time is forgotten afterwards: redeemed assertions, when access keys ended, sessions of
browsers, and what these and devices were let do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Connection

from carnet.store.databases.backend import Backend
from carnet.store.leases import Lease
from carnet.store.store import Store

FORGET_SECONDS = 60.0
_BATCH = 200

Expired = Callable[[Connection, Backend, int], Iterable[object]]
"""Gives up to so many entities of one kind that are needed no longer, by the database's clock."""


def forget_expired(store: Store, lease: Lease, *, expired: Expired) -> Iterator[None]:
    """Remove those whose time is over, some each step. Raises LeaseLost, Unavailable."""
    more = True
    while more:
        with store.write() as unit:
            unit.hold(lease)
            batch = unit.ask(lambda connection, backend: tuple(expired(connection, backend, _BATCH)))
            for entity in batch:
                unit.remove(entity)
        more = len(batch) == _BATCH
        yield
