"""Does the slow work on long requests, parsing and rebuilding, in a thread, so that other requests go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

from carnet.services.preparing import Pool, Pools, Preparation
from carnet.services.turns import Whose

A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")

_POOL = Pool(name="long-requests", size=1, waiting=32, seconds=20.0)
"""One at a time: parsing keeps the processor busy, and gains nothing from a second thread."""


class Aside(NamedTuple):
    """The pool for this work, and the account that it is for. Accounts take turns."""

    pools: Pools
    whose: Whose

    async def run(self, work: Callable[[A, B], R], first: A, second: B) -> R:
        """Do the work in a thread, and return or raise what it does. Raises Unavailable if it does not get its turn."""
        return cast("R", await self.pools.run(Preparation(pool=_POOL, work=work), first, second, self.whose))
