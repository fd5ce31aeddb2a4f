"""Pools for slow work: so much at once, so many who wait, and so long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from carnet.base.faults import Unavailable
from carnet.services.preparing import Pool, Pools, Preparation
from carnet.services.turns import Whose
from tests.waiting import eventually_in_loop

LONG = 60.0
US = Whose("1" * 12)


class Gate:
    """Work that blocks its thread until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.threads: list[str] = []

    def __call__(self, call: object, given: Any) -> Any:
        self.threads.append(threading.current_thread().name)
        assert self.open.wait(LONG)
        return given


def preparation(
    work: Callable[[Any, Any], Any], *, size: int = 1, waiting: int = 1, seconds: float = LONG
) -> Preparation:
    return Preparation(pool=Pool(name="slow", size=size, waiting=waiting, seconds=seconds), work=work)


def test_work_that_blocks_has_a_thread_of_its_pool_and_no_more_than_its_size() -> None:
    async def scenario() -> None:
        pools, gate = Pools(), Gate()
        slow = preparation(gate, size=2, waiting=3)
        tasks = [asyncio.create_task(pools.run(slow, None, number, US)) for number in range(5)]
        await eventually_in_loop(lambda: len(gate.threads) == 2)
        with pytest.raises(Unavailable):
            await pools.run(slow, None, "the sixth", US)
        assert len(gate.threads) == 2
        gate.open.set()
        assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]
        assert len(gate.threads) == 5
        assert all(name.startswith("slow") for name in gate.threads)
        assert await pools.run(slow, None, "later", US) == "later"
        pools.close()

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_so() -> None:
    async def scenario() -> None:
        pools, gate = Pools(), Gate()
        slow = preparation(gate, seconds=0.01)
        first = asyncio.create_task(pools.run(slow, None, "first", US))
        await eventually_in_loop(lambda: len(gate.threads) == 1)
        with pytest.raises(Unavailable):
            await pools.run(slow, None, "second", US)
        gate.open.set()
        assert await first == "first"
        assert await pools.run(slow, None, "third", US) == "third"
        pools.close()

    asyncio.run(scenario())


def test_coroutines_take_turns_too() -> None:
    async def scenario() -> None:
        pools, let_go = Pools(), asyncio.Event()
        at_work: list[Any] = []

        async def work(call: object, given: Any) -> Any:
            at_work.append(given)
            await let_go.wait()
            if given == 1:
                raise LookupError("what work raises is handed on, and its turn ends")
            return given

        slow = preparation(work)
        tasks = [asyncio.create_task(pools.run(slow, None, number, US)) for number in (1, 2)]
        await eventually_in_loop(lambda: at_work == [1])
        with pytest.raises(Unavailable):
            await pools.run(slow, None, 3, US)
        let_go.set()
        failed, done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(failed, LookupError)
        assert done == 2
        pools.close()

    asyncio.run(scenario())


def test_a_thread_that_nobody_waits_for_keeps_its_turn() -> None:
    async def scenario() -> None:
        pools, gate = Pools(), Gate()
        slow = preparation(gate)
        first = asyncio.create_task(pools.run(slow, None, "first", US))
        await eventually_in_loop(lambda: len(gate.threads) == 1)
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.create_task(pools.run(slow, None, "second", US))
        await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await pools.run(slow, None, "third", US)
        assert len(gate.threads) == 1
        gate.open.set()
        assert await second == "second"
        pools.close()

    asyncio.run(scenario())


def test_two_pools_of_one_name_are_a_mistake() -> None:
    async def scenario() -> None:
        pools = Pools()
        await pools.run(preparation(lambda call, given: None), None, None, US)
        with pytest.raises(ValueError, match="two pools called slow"):
            await pools.run(preparation(lambda call, given: None, size=2), None, None, US)
        pools.close()

    asyncio.run(scenario())
