"""Reads and compiles long policies on a thread of its own, so that other requests do not wait."""

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
"""One at a time: an account that makes the server do it again and again, with new policies each time, takes one thread
at most.
"""
IN_ONE_TURN = 16 * AT_ONCE
"""Characters that are read and compiled for an account in one turn, about 200 milliseconds.

That is a tenth of all that AWS's quotas allow one account. So ten such accounts keep others waiting for some seconds.
"""
_MOST_TURNS = 64
"""After so many turns the rest is done at once: policies that do not fit into the memory are never found the next
time."""


class LongPolicies:
    """The thread for long policies. Accounts take turns."""

    def __init__(self, execution: Execution, pools: Pools) -> None:
        self._execution = execution
        self._pools = pools
        self._begun: set[asyncio.Task[object]] = set()

    async def apart(self, work: Callable[[], T], asked_by: Whose) -> T:
        """Do the work on that thread, and return or raise what it does. Raises Unavailable if no turn comes.

        It takes as many turns as it needs. In each, the work begins anew, and finds what was read and compiled for it
        before.
        """
        for _ in range(_MOST_TURNS):
            with suppress(TakesLong):
                return await self._turn(partial(at_once, work, IN_ONE_TURN), asked_by)
        return await self._turn(work, asked_by)

    async def _turn(self, work: Callable[[], T], asked_by: Whose) -> T:
        done: T = await self._pools.run(Preparation(pool=_POOL, work=lambda _, __: work()), None, None, asked_by)
        return done

    def begin(self, work: Callable[[], object], asked_by: Whose) -> None:
        """Begin the work on that thread, for a caller who will ask again. Its result is dropped."""
        task = asyncio.get_running_loop().create_task(self.apart(work, asked_by))
        self._begun.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[object]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it

    async def decided(self, work: Callable[[], T], caller: AccountCaller | Anonymous, peer: str) -> T:
        """Do the work, and return or raise what it does: at once if others can wait for it, else `apart`.

        It may be begun several times. INVARIANT: after work that was done apart, a caller whose credential is no longer
        valid gets Refused in place of the result.
        """
        return await self.in_time(work, whose(caller.principal.account, peer), partial(self.look_again, caller))

    async def in_time(self, work: Callable[[], T], asked_by: Whose, look_again: Callable[[], object]) -> T:
        """As `decided`, before the caller is known. `look_again` is called after work that was done apart; it raises if
        the request may no longer be answered."""
        try:
            return at_once(work)
        except TakesLong:
            done = await self.apart(work, asked_by)
        look_again()
        return done

    def look_again(self, caller: Caller) -> None:
        """Raises Refused if the caller's credential is no longer valid."""
        self._execution.present(self._execution.directory.snapshot, caller)
