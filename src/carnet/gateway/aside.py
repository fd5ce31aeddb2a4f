"""The slow work on long requests: reading one, and making it anew. Others go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

from carnet.services.preparing import Pool, Pools, Preparation
from carnet.services.turns import Whose

A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")

_POOL = Pool(name="long-requests", size=1, waiting=32, seconds=20.0)
"""One at a time: reading takes the processor, and gains nothing from a second thread."""


class Aside(NamedTuple):
    """Where it is done, and for whom: in turns of accounts."""

    pools: Pools
    whose: Whose

    async def run(self, work: Callable[[A, B], R], first: A, second: B) -> R:
        """What the work gives or raises, in a thread; Unavailable if it does not get its turn."""
        return cast("R", await self.pools.run(Preparation(pool=_POOL, work=work), first, second, self.whose))
