"""The writer takes what waits, tells each its own outcome, and loses nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from carnet.base.faults import Missing, Unavailable, Unsent
from carnet.server import writer as writer_module
from carnet.server.writer import Writer
from carnet.services.execution import Change, Done, Execution, Failed, Outcome, Requested
from carnet.store.faults import OutcomeUnknown, Unreachable


class Slow:
    """An execution that makes changes, here numbers, when it is told to, and so many at once."""

    def __init__(self, most: int = 1_000) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.going_on = threading.Event(), threading.Event()
        self.in_turn = threading.Event()
        """Not set: another process holds the store."""
        self.in_turn.set()
        self.store = SimpleNamespace(silent=False)
        self.directory = SimpleNamespace(snapshot=SimpleNamespace(revision=0))
        self._most = most

    def write_together(self, changes: Iterable[Requested]) -> list[Outcome]:
        if self.in_turn.is_set():
            numbers = cast(list[int], list(changes))[: self._most]
            self.begun.set()
            assert self.going_on.wait(60)
        else:
            self.begun.set()
            assert self.in_turn.wait(60)
            numbers = cast(list[int], list(changes))[: self._most]
        self.groups.append(numbers)
        if 13 in numbers:
            raise ZeroDivisionError
        return cast(list[Outcome], [number * 10 for number in numbers])


def writer_of(slow: Slow) -> Writer:
    return Writer(cast(Execution, slow))


async def written(writer: Writer, number: int, account: str = "") -> int:
    return cast(int, await writer.write(cast(Requested, number), account))


async def under_way(writer: Writer, slow: Slow, numbers: Sequence[int], account: str = "") -> list[asyncio.Task[int]]:
    """The first number is being written, and the others wait."""
    tasks = [asyncio.create_task(written(writer, number, account)) for number in numbers]
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


def test_what_a_change_failed_of_is_raised_if_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        writer, change = writer_of(Slow()), cast(Requested, 1)
        done = Done(answer={}, event={}, decided=())
        outcomes: list[Outcome] = [done, Failed(problem=Missing("gone"), decided=())]

        async def write(_: Change, account: str) -> Outcome:
            assert account == "111122223333"
            return outcomes.pop(0)

        monkeypatch.setattr(writer, "write", write)
        assert await writer.make(change, "111122223333") is done
        with pytest.raises(Missing, match="gone"):
            await writer.make(change, "111122223333")
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


def test_accounts_have_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LARGEST_GROUP", 4)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        first = await under_way(writer, slow, [100], "noisy")
        noisy = await under_way(writer, slow, range(101, 121), "noisy")
        other = await under_way(writer, slow, [1, 2, 3], "other")
        third = await under_way(writer, slow, [50], "third")
        slow.going_on.set()
        await asyncio.gather(*first, *noisy, *other, *third)
        assert slow.groups[:4] == [[100], [101, 1, 50, 102], [2, 103, 3, 104], [105, 106, 107, 108]]
        writer.close()

    asyncio.run(run())


def test_one_account_takes_no_more_than_half_of_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 6)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        noisy = await under_way(writer, slow, [1, 2, 3], "noisy")
        with pytest.raises(Unavailable, match="Too many changes are waiting"):
            await written(writer, 4, "noisy")
        other = await under_way(writer, slow, [5], "other")
        slow.going_on.set()
        assert await asyncio.gather(*noisy, *other) == [10, 20, 30, 50]
        assert await written(writer, 6, "noisy") == 60
        assert not writer._of_accounts
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
            assert [type(one) for one in told] == [Unavailable] * len(numbers), "what is known not to be made"
        assert not writer._queue
        assert isinstance(first[0].exception(), OutcomeUnknown)
        slow.going_on.set()
        monkeypatch.setattr(writer_module, "ANSWER_SECONDS", 10)
        assert await written(writer, 6) == 60
        assert slow.groups == [[1], [6]]
        writer.close()

    asyncio.run(run())


@pytest.mark.parametrize("silent", [True, False], ids=["silent", "held"])
def test_all_that_waits_for_a_turn_that_does_not_come_is_refused_and_not_made_later(
    monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setattr(writer_module, "TURN_SECONDS", 60 if silent else 0.2)

    async def run() -> None:
        slow = Slow()
        slow.in_turn.clear()
        slow.store.silent = False
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1, 2, 3])
        slow.store.silent = silent
        began = time.monotonic()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in told] == [Unavailable] * 3
        for number in (4, 5):  # at once, for what one has waited in vain for need not be tried by the next
            with pytest.raises(Unavailable, match="Nothing was changed"):
                await written(writer, number)
        assert time.monotonic() - began < 30
        slow.store.silent = False
        slow.in_turn.set()
        slow.going_on.set()
        assert await _written_once_it_goes_on(writer, 6) == 60
        assert [group for group in slow.groups if group] == [[6]]
        writer.close()

    asyncio.run(run())


async def _written_once_it_goes_on(writer: Writer, number: int) -> int:
    for _ in range(10_000):
        try:
            return await written(writer, number)
        except Unavailable:
            await asyncio.sleep(0.001)
    raise AssertionError


def test_a_turn_is_waited_for_as_long_as_others_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "TURN_SECONDS", 0.3)

    async def run() -> None:
        slow = Slow()
        slow.in_turn.clear()
        writer = writer_of(slow)
        (task,) = await under_way(writer, slow, [1])
        for revision in range(1, 13):
            await asyncio.sleep(0.05)
            slow.directory.snapshot.revision = revision
        assert not task.done()
        slow.in_turn.set()
        assert await task == 10
        writer.close()

    asyncio.run(run())


@pytest.mark.parametrize("setting", ["TURN_SECONDS", "STALL_SECONDS"])
def test_what_the_process_itself_was_away_for_is_not_held_against_the_store(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setattr(writer_module, setting, 0.5)
    monkeypatch.setattr(writer_module, "_LOOK_SECONDS", 0.01)

    async def run() -> None:
        slow = Slow()
        if setting == "TURN_SECONDS":
            slow.in_turn.clear()
        writer = writer_of(slow)
        tasks = await under_way(writer, slow, [1]) + await under_way(writer, slow, [2])
        time.sleep(1)  # noqa: ASYNC251  the loop, as whatever else is in a process that is stopped
        tasks.append(asyncio.create_task(written(writer, 3)))
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in tasks)
        slow.in_turn.set()
        slow.going_on.set()
        assert await asyncio.gather(*tasks) == [10, 20, 30]
        writer.close()

    asyncio.run(run())


def test_a_change_of_another_loop_is_told_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread has told of the first group, and not yet looked whether anybody waits, when the next one comes."""
    monkeypatch.setattr(writer_module, "ANSWER_SECONDS", 5)
    slow, going_on, begins = Slow(), threading.Event(), Writer._begins

    def late(writer: Writer) -> bool:
        assert not slow.groups or going_on.wait(10)
        return begins(writer)

    monkeypatch.setattr(Writer, "_begins", late)
    writer = writer_of(slow)
    slow.going_on.set()

    async def second() -> int:
        task = asyncio.create_task(written(writer, 2))
        await asyncio.sleep(0)
        going_on.set()
        return await task

    assert asyncio.run(written(writer, 1)) == 10
    assert asyncio.run(second()) == 20
    writer.close()


def test_what_waits_behind_a_disk_that_stalls_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is being made is waited for, since nobody knows whether it is."""
    monkeypatch.setattr(writer_module, "STALL_SECONDS", 0.2)

    async def run() -> None:
        slow = Slow()
        writer = writer_of(slow)
        first = await under_way(writer, slow, [1])
        behind = await under_way(writer, slow, [2, 3])
        told = await asyncio.gather(*behind, return_exceptions=True)
        assert [type(one) for one in told] == [Unavailable] * 2
        slow.going_on.set()
        assert await first[0] == 10
        assert [group for group in slow.groups if group] == [[1]]
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


def test_why_changes_are_refused_is_said_once_and_that_they_are_made_again(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads such a store is answered, so that nothing else tells of it."""
    read_only = Failed(problem=Unreachable(reason="it takes no changes."), decided=())
    denied = Failed(problem=Missing("no user"), decided=())
    unsent = Failed(problem=Unsent("No mail."), decided=())
    done = Done(answer={}, event={}, decided=())
    outcomes: list[Outcome] = [denied, unsent, read_only, denied, read_only, done, done]

    class Refusing(Slow):
        def write_together(self, changes: Iterable[Requested]) -> list[Outcome]:
            return [outcomes[number] for number in cast(list[int], list(changes))]

    async def run() -> None:
        writer = writer_of(Refusing())
        for number in range(len(outcomes)):
            await written(writer, number)
        writer.close()

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records] == [
        "changes are refused. The store cannot be reached. The driver says: it takes no changes.",
        "changes are made again",
    ]


@pytest.mark.parametrize("step", ["_begins", "_note"])
def test_the_writer_outlives_a_step_for_which_there_is_no_memory(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Else its server would live on, and make no change any more."""
    as_it_is, hungry = getattr(Writer, step), [True]

    def first_hungry(writer: Writer, *given: object) -> object:
        if hungry:
            hungry.pop()
            raise MemoryError
        return as_it_is(writer, *given)

    async def run() -> list[int]:
        slow = Slow()
        slow.going_on.set()
        writer = writer_of(slow)
        monkeypatch.setattr(Writer, step, first_hungry)
        made = [await written(writer, 1), await written(writer, 2)]
        writer.close()
        return made

    assert asyncio.run(run()) == [10, 20]
    assert not hungry
