"""Policies that take long to read and compile: it is done on a thread of its own, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from carnet.identity.caller import AccountCaller, Anonymous, Caller
from carnet.policy.at_once import TakesLong, at_once
from carnet.services.execution import Execution
from carnet.services.preparing import Pool, Pools, Preparation
from carnet.services.turns import Whose, whose

T = TypeVar("T")
_POOL = Pool(name="policies", size=1, waiting=64, seconds=20)
"""Of an account that makes the server do it again and again, with new policies each time, one is done while others of
its kind wait; so it takes one thread at most.
"""


class LongPolicies:
    """Where that is done, in turns of accounts."""

    def __init__(self, execution: Execution, pools: Pools) -> None:
        self._execution = execution
        self._pools = pools
        self._begun: set[asyncio.Task[object]] = set()

    async def apart(self, work: Callable[[], T], asked_by: Whose) -> T:
        """What the work gives or raises, done on that thread; Unavailable if no turn comes."""
        done: T = await self._pools.run(Preparation(pool=_POOL, work=lambda _, __: work()), None, None, asked_by)
        return done

    def begin(self, work: Callable[[], object], asked_by: Whose) -> None:
        """Let it be done on that thread, for whoever asks again. Nobody is told what it gives or raises."""
        task = asyncio.get_running_loop().create_task(self.apart(work, asked_by))
        self._begun.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[object]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not tell of it

    async def decided(self, work: Callable[[], T], caller: AccountCaller | Anonymous, peer: str) -> T:
        """What the work gives or raises: done at once if that takes no longer than others can wait, else `apart`.

        It may be begun twice. INVARIANT: whose credential is no longer good after it was done apart gets nothing of it,
        but Refused.
        """
        return await self.in_time(work, whose(caller.principal.account, peer), partial(self.look_again, caller))

    async def in_time(self, work: Callable[[], T], asked_by: Whose, look_again: Callable[[], object]) -> T:
        """The same for whoever is no caller yet. `look_again` raises if it is not there any more after such a wait."""
        try:
            return at_once(work)
        except TakesLong:
            done = await self.apart(work, asked_by)
        look_again()
        return done

    def look_again(self, caller: Caller) -> None:
        """Raises Refused if the caller's credential is no longer good."""
        self._execution.present(self._execution.directory.snapshot, caller)
