"""Slow or outbound work of an operation, done before it takes its turn: hashing, fetching keys, reading documents.

Such work holds neither the event loop nor the lock of the writers. It runs in a named pool that takes a few at once and
lets a few more wait for a while, in turns among those who ask for it. A request that finds no place is refused and may
come back later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from carnet.services.turns import Turns, Whose


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """How many pieces of one kind of work run at once, and how many more may wait for how many seconds."""

    name: str
    size: int
    waiting: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Work that an operation does before its turn, and the pool that it runs in."""

    pool: Pool
    work: Callable[[Any, Any], Any]
    """(call, given) to the value of `call.prepared`. A coroutine function, or a function that blocks a thread.

    It may raise a Fault.
    """
    decides: bool = False
    """Whether the decision depends on what the work finds, so that the caller is authorized only afterwards."""

    members: ClassVar[None] = None
    """Every input needs the work."""


class Pools:
    """The pools of one process, shared by its frontends. Each is made when it is first needed; for one event loop."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    async def run(self, preparation: Preparation, call: Any, given: Any, whose: Whose) -> Any:
        """Do the work, and return or raise what it does. Raises Unavailable if it does not get its turn."""
        return await self._running_of(preparation.pool).run(preparation.work, call, given, whose)

    def _running_of(self, pool: Pool) -> _Running:
        running = self._running.get(pool.name)
        if running is None:
            running = self._running[pool.name] = _Running(pool)
        if running.pool != pool:
            raise ValueError(f"there are two pools called {pool.name}")
        return running

    def close(self) -> None:
        """Wait for the threads to finish their work."""
        for running in self._running.values():
            running.threads.shutdown(wait=True)


class _Running:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.threads = ThreadPoolExecutor(pool.size, thread_name_prefix=pool.name)
        self._turns = Turns(at_once=pool.size, waiting=pool.waiting)

    async def run(self, work: Callable[[Any, Any], Any], call: Any, given: Any, whose: Whose) -> Any:
        await self._turns.take(whose, self.pool.seconds)
        if iscoroutinefunction(work):
            return await self._await_turn(work(call, given))
        return await self._in_thread(work, call, given)

    async def _await_turn(self, working: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await working
        finally:
            self._turns.release()

    async def _in_thread(self, work: Callable[[Any, Any], Any], call: Any, given: Any) -> Any:
        loop = asyncio.get_running_loop()
        future = self.threads.submit(work, call, given)
        # INVARIANT: the turn ends when the thread is free, even if no one waits for the result any more.
        future.add_done_callback(lambda done: _tell(loop, self._turns.release))
        return await asyncio.shield(asyncio.wrap_future(future))


def _tell(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(act)
