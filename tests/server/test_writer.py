"""The writer takes what waits, tells each its own outcome, and loses nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import cast

import pytest

from carnet.base.faults import Unavailable
from carnet.server import writer as writer_module
from carnet.server.writer import Writer
from carnet.services.execution import Execution, Outcome, Requested


class Slow:
    """An execution that makes changes, here numbers, when it is told to, and so many at once."""

    def __init__(self, most: int = 1_000) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.going_on = threading.Event(), threading.Event()
        self._most = most

    def write_together(self, changes: Sequence[Requested]) -> list[Outcome]:
        self.begun.set()
        assert self.going_on.wait(60)
        numbers = cast(list[int], list(changes))[: self._most]
        self.groups.append(numbers)
        if 13 in numbers:
            raise ZeroDivisionError
        return cast(list[Outcome], [number * 10 for number in numbers])


def writer_of(slow: Slow) -> Writer:
    return Writer(cast(Execution, slow))


async def written(writer: Writer, number: int) -> int:
    return cast(int, await writer.write(cast(Requested, number)))


async def under_way(writer: Writer, slow: Slow, numbers: Sequence[int]) -> list[asyncio.Task[int]]:
    """The first number is being written, and the others wait."""
    tasks = [asyncio.create_task(written(writer, number)) for number in numbers]
    await asyncio.sleep(0)
    assert await asyncio.to_thread(slow.begun.wait, 10)
    return tasks


def test_what_came_meanwhile_is_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LARGEST_GROUP", 3)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        first = await under_way(writer, slow, [1])
        rest = await under_way(writer, slow, [2, 3, 4, 5, 6])
        slow.going_on.set()
        assert await asyncio.gather(*first, *rest) == [10, 20, 30, 40, 50, 60]
        assert slow.groups == [[1], [2, 3, 4], [5, 6]]
        assert await written(writer, 7) == 70
        writer.close()

    asyncio.run(run())


def test_what_a_group_leaves_is_written_next_and_in_order() -> None:
    async def run() -> None:
        slow = Slow(most=2)
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1]) + await under_way(writer, slow, [2, 3, 4, 5])
        slow.going_on.set()
        assert await asyncio.gather(*tasks) == [10, 20, 30, 40, 50]
        assert slow.groups == [[1], [2, 3], [4, 5]]
        writer.close()

    asyncio.run(run())


def test_a_group_that_fails_wholly_fails_each_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LARGEST_GROUP", 2)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1]) + await under_way(writer, slow, [13, 2, 3])
        slow.going_on.set()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [one if isinstance(one, int) else type(one) for one in told] == [
            10,
            ZeroDivisionError,
            ZeroDivisionError,
            30,
        ]
        writer.close()

    asyncio.run(run())


def test_only_so_many_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 3)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1, 2, 3])
        with pytest.raises(Unavailable, match="Too many changes are waiting"):
            await written(writer, 4)
        slow.going_on.set()
        assert await asyncio.gather(*tasks) == [10, 20, 30]
        assert await written(writer, 5) == 50
        writer.close()

    asyncio.run(run())


def test_a_client_that_is_gone_keeps_nobody_from_an_answer() -> None:
    """A change that has begun is made all the same; one that has not is not."""

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        begun = await under_way(writer, slow, [1])
        waiting = await under_way(writer, slow, [2, 3])
        for task in (begun[0], waiting[0]):
            task.cancel()
        await asyncio.sleep(0)
        slow.going_on.set()
        assert await waiting[1] == 30
        assert slow.groups == [[1], [3]]
        writer.close()

    asyncio.run(run())


def test_a_store_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits behind it is not made later, takes no room meanwhile, and the next change is made as ever."""
    monkeypatch.setattr(writer_module, "ANSWER_SECONDS", 0.05)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        first = await under_way(writer, slow, [1])
        for numbers in ([2, 3], [4, 5]):
            tasks = await under_way(writer, slow, numbers)
            told = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(one) for one in told] == [Unavailable] * len(numbers)
        assert not writer._queue
        assert isinstance(first[0].exception(), Unavailable)
        slow.going_on.set()
        monkeypatch.setattr(writer_module, "ANSWER_SECONDS", 10)
        assert await written(writer, 6) == 60
        assert slow.groups == [[1], [6]]
        writer.close()

    asyncio.run(run())


def test_a_store_that_hangs_does_not_keep_the_process_from_ending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer_module, "STOP_SECONDS", 0.05)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1])
        writer.close()
        assert "nobody knows whether they are made" in caplog.text
        with pytest.raises(Unavailable, match="The server ends"):
            await written(writer, 2)
        slow.going_on.set()
        assert await asyncio.gather(*tasks) == [10]

    asyncio.run(run())


def test_the_end_waits_for_what_was_taken_on() -> None:
    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1]) + await under_way(writer, slow, [2, 3])
        closing = asyncio.create_task(asyncio.to_thread(writer.close))
        slow.going_on.set()
        await closing
        assert await asyncio.gather(*tasks) == [10, 20, 30]

    asyncio.run(run())
