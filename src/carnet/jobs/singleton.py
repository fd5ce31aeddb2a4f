"""Work that one process at a time does, of all those that share a store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from carnet.jobs.periodic import Periodic
from carnet.store.leases import Lease, LeaseLost
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)

Steps = Callable[[Lease], Iterator[None]]
"""The work, a batch a step. INVARIANT: it writes as the holder of the lease alone (`Store.fenced`, `unit.hold`)."""


class Singleton(Periodic):
    """A job whose process takes a lease for the time of its work. It can be stopped between two steps."""

    def __init__(
        self,
        name: str,
        steps: Steps,
        *,
        store: Store,
        holder: str,
        seconds: float,
        due: Callable[[], bool] = lambda: True,
    ) -> None:
        """`holder` names this process, and no other one. If nothing is `due`, the lease is not asked for."""
        super().__init__(name, self._take_turn, seconds=seconds)
        self._steps = steps
        self._store = store
        self._holder = holder
        self._due = due

    def _take_turn(self) -> None:
        lease = self._store.leases.take(self.name, self._holder) if self._due() else None
        if lease is None:
            return
        try:
            for _ in self._steps(lease):
                if self.stopping:
                    break
        except LeaseLost:
            _LOG.warning("%s was taken over by another process", self.name)
        finally:
            self._store.leases.release(lease)
