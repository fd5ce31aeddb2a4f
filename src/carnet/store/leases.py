"""Leases: of the processes that share a store, one at a time does a job.

A lease has a fencing number, which rises each time somebody takes it. Every write of the job checks the number in its
own transaction, so that a holder which was paused, and comes back when another has taken over, can write nothing.
Expiry is told by the database's clock; a wrong clock delays a job or lets two begin, and fencing keeps the second out.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Table, Update, select, update

from carnet.store.databases.backend import Backend
from carnet.store.schema import METADATA, moment, own_id, text

LEASE_SECONDS = 30
"""How long a holder is waited for that shows no sign of life; each fenced write is one."""

LEASES = Table(
    "leases",
    METADATA,
    own_id("name"),
    text("holder"),
    Column("fence", BigInteger, nullable=False),
    moment("expires"),
)


class LeaseLost(Exception):
    """Another process has taken the lease over: what its former holder was about to write is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to do one job, for the process that holds it."""

    name: str
    holder: str
    fence: int


class Leases:
    """The leases of a store. Methods raise Unavailable."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def take(self, name: str, holder: str) -> Lease | None:
        """The lease, if nobody holds it or its holder was not heard of for LEASE_SECONDS."""
        free = update(LEASES).where(LEASES.c.name == name, LEASES.c.expires <= self._backend.now)
        taking = free.values(holder=holder, fence=LEASES.c.fence + 1, expires=_expiry(self._backend))
        first = self._backend.upsert(LEASES).on_conflict_do_nothing()
        with self._backend.writing() as connection:
            connection.execute(first, {"name": name, "holder": "", "fence": 0, "expires": 0})
            if connection.execute(taking).rowcount != 1:
                return None
            fence = connection.execute(select(LEASES.c.fence).where(LEASES.c.name == name)).scalar_one()
            return Lease(name=name, holder=holder, fence=fence)

    def release(self, lease: Lease) -> None:
        """Let the next one have it at once; nothing happens if it was lost."""
        with self._backend.writing() as connection:
            connection.execute(_held(lease).values(expires=0))


def hold(connection: Connection, backend: Backend, lease: Lease) -> None:
    """Keep the lease for LEASE_SECONDS more. Raises LeaseLost.

    INVARIANT: the row stays locked until this transaction ends, so nobody takes the lease over before it has.
    """
    if connection.execute(_held(lease).values(expires=_expiry(backend))).rowcount != 1:
        raise LeaseLost(f"The lease {lease.name} was taken over from {lease.holder}.")


def _held(lease: Lease) -> Update:
    return update(LEASES).where(
        LEASES.c.name == lease.name, LEASES.c.fence == lease.fence, LEASES.c.holder == lease.holder
    )


def _expiry(backend: Backend) -> ColumnElement[int]:
    return backend.now + LEASE_SECONDS * 1_000_000
