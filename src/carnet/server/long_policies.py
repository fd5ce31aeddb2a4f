"""Policies that take long to read and compile: it is done on a thread of its own, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from carnet.identity.caller import AccountCaller, Anonymous, Caller
from carnet.policy.at_once import AT_ONCE, TakesLong, at_once
from carnet.services.execution import Execution
from carnet.services.preparing import Pool, Pools, Preparation
from carnet.services.turns import Whose, whose

T = TypeVar("T")
_POOL = Pool(name="policies", size=1, waiting=64, seconds=20)
"""Of an account that makes the server do it again and again, with new policies each time, one is done while others of
its kind wait; so it takes one thread at most.
"""
IN_ONE_TURN = 16 * AT_ONCE
"""Characters that are read and compiled for an account while others wait for their turn: some 200 milliseconds.

Of one that has all that AWS's quotas allow that is a tenth. So ten of those keep others waiting for some seconds.
"""
_MOST_TURNS = 64
"""After them the rest is done in one go: what does not fit into the memory for it is never there the next time."""


class LongPolicies:
    """Where that is done, in turns of accounts."""

    def __init__(self, execution: Execution, pools: Pools) -> None:
        self._execution = execution
        self._pools = pools
        self._begun: set[asyncio.Task[object]] = set()

    async def apart(self, work: Callable[[], T], asked_by: Whose) -> T:
        """What the work gives or raises, done on that thread; Unavailable if no turn comes.

        It takes as many turns as it needs, and is begun anew in each: what was read and compiled for it is remembered.
        """
        for _ in range(_MOST_TURNS):
            with suppress(TakesLong):
                return await self._turn(partial(at_once, work, IN_ONE_TURN), asked_by)
        return await self._turn(work, asked_by)

    async def _turn(self, work: Callable[[], T], asked_by: Whose) -> T:
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

        It may be begun several times. INVARIANT: whose credential is no longer good after it was done apart gets
        nothing of it, but Refused.
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
