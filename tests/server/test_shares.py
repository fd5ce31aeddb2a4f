"""Accounts have equal shares of the event loop. Time is what the tests say, and calls are counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from carnet.server.fairness.rotation import Rotation
from carnet.server.fairness.shares import QUANTUM, ROUND, Flow, Shares

CALL = QUANTUM / 5
"""What a simple call takes."""


class Loop:
    """Callers, who have connections with requests that take a while, and the order in which they are answered."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lost = 0.0
        """Seconds that pass whenever the time is looked at."""
        self.shares = Shares(self.seconds)
        self.answered: list[str] = []

    def seconds(self) -> float:
        self.now += self.lost
        return self.now

    def answer(self, flow: Flow, who: str, seconds: float) -> None:
        self.answered.append(who)
        self.now += seconds

    def arrives(self, flow: Flow, who: str, seconds: float = CALL, *, again: int = 0) -> None:
        """A request comes on a connection; `again`: another one of the same comes when it is answered, so often."""

        def go_on() -> None:
            self.answer(flow, who, seconds)
            if again:
                asyncio.get_running_loop().call_soon(lambda: self.arrives(flow, who, seconds, again=again - 1))

        self.shares.begin()
        if self.shares.has(flow):
            go_on()
            self.shares.spend(flow)
        else:
            self.shares.wait(flow, go_on)


def run(work: Callable[[Loop], Awaitable[None]]) -> Loop:
    loop = Loop()

    async def to_the_end() -> None:
        await work(loop)
        for _ in range(100_000):
            if not loop.shares._waiting:
                break
            await asyncio.sleep(0)

    asyncio.run(to_the_end())
    return loop


NOISY, OTHER, THIRD = Flow("noisy"), Flow("other"), Flow("third")


def test_few_calls_are_answered_at_once() -> None:
    async def work(loop: Loop) -> None:
        for _ in range(5):
            loop.arrives(NOISY, "noisy")
        assert loop.answered == ["noisy"] * 5
        loop.arrives(NOISY, "noisy")
        assert loop.answered == ["noisy"] * 5

    assert run(work).answered == ["noisy"] * 6


def test_before_a_call_that_comes_no_more_than_a_share_is_answered() -> None:
    """However many calls of one account are there already."""

    async def work(loop: Loop) -> None:
        for _ in range(10_000):
            loop.arrives(NOISY, "noisy")
        loop.arrives(OTHER, "other")

    assert run(work).answered.index("other") <= QUANTUM / CALL + 1


def test_a_call_that_comes_later_waits_for_one_round() -> None:
    async def work(loop: Loop) -> None:
        for _ in range(1000):
            loop.arrives(NOISY, "noisy")
        for _ in range(10):
            await asyncio.sleep(0)
            before = len(loop.answered)
            loop.arrives(OTHER, "other")
            assert loop.answered[-1] == "other"
            assert len(loop.answered) == before + 1
        assert "noisy" in loop.answered[-20:]

    assert Counter(run(work).answered)["noisy"] == 1000


@pytest.mark.parametrize("connections", [20, 500])
def test_accounts_that_wait_are_answered_alike(connections: int) -> None:
    """Whoever has more connections is answered no more often."""

    async def work(loop: Loop) -> None:
        for _ in range(500):
            loop.arrives(NOISY, "noisy", again=3)
        for _ in range(connections):
            loop.arrives(OTHER, "other", again=600 // connections)
        for _ in range(4000):
            if Counter(loop.answered)["other"] >= 400:
                break
            await asyncio.sleep(0)
        counted = Counter(loop.answered)
        assert counted["noisy"] <= 2.5 * counted["other"] + 20
        loop.shares._waiting.clear()

    run(work)


def test_long_answers_count_for_more() -> None:
    async def work(loop: Loop) -> None:
        for _ in range(100):
            loop.arrives(NOISY, "noisy", 10 * QUANTUM)
        for _ in range(500):
            loop.arrives(OTHER, "other")

    answered = run(work).answered
    others_done = len(answered) - answered[::-1].index("other")
    # 500 calls are 100 shares; the other account has as many, which are 10 of its long answers.
    assert Counter(answered[:others_done])["noisy"] <= 13


def test_who_waits_alone_is_answered_whatever_it_owes() -> None:
    async def work(loop: Loop) -> None:
        for _ in range(5):
            loop.arrives(NOISY, "noisy", 1000 * QUANTUM)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(loop.answered) == 5

    run(work)


def test_strangers_together_have_the_share_of_one_account() -> None:
    """However many networks they come from; and each network has turns."""

    async def work(loop: Loop) -> None:
        for network in range(1000):
            for _ in range(3):
                loop.arrives(Flow("", network.to_bytes(3)), "stranger")
        loop.arrives(Flow("", b"new"), "new")
        for _ in range(1000):
            loop.arrives(OTHER, "other")

    answered = run(work).answered
    others_done = len(answered) - answered[::-1].index("other")
    assert Counter(answered[:others_done])["stranger"] <= 1020
    assert answered.index("new") <= 2 * 1001 + 10, "one turn of each network, and as many of the other account"


def test_the_loop_looks_at_its_sockets_between_rounds() -> None:
    async def work(loop: Loop) -> None:
        for _ in range(1000):
            loop.arrives(NOISY, "noisy")
        for _ in range(20):
            before = loop.now
            await asyncio.sleep(0)
            assert loop.now - before <= ROUND + CALL + 1e-9

    run(work)


def test_who_fails_keeps_nobody_from_his_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(loop: Loop) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)

        def fail() -> None:
            raise ZeroDivisionError

        for _ in range(10):
            loop.arrives(NOISY, "noisy")
        loop.shares.wait(OTHER, fail)
        loop.shares.wait(THIRD, lambda: loop.answer(THIRD, "third", CALL))

    answered = run(work).answered
    assert Counter(answered) == {"noisy": 10, "third": 1}


def test_who_waits_is_answered_after_a_round_that_had_no_time() -> None:
    """The machine did something else meanwhile."""

    async def work(loop: Loop) -> None:
        for _ in range(6):
            loop.arrives(NOISY, "noisy")
        loop.lost = ROUND
        await asyncio.sleep(0)
        assert loop.answered == ["noisy"] * 5
        loop.lost = 0.0

    assert run(work).answered == ["noisy"] * 6


def test_nothing_is_remembered_of_those_who_have_gone() -> None:
    async def work(loop: Loop) -> None:
        for number in range(1000):
            loop.arrives(Flow(str(number)), "one", 100 * QUANTUM)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not loop.shares._spent

    run(work)


def test_a_rotation_takes_turns() -> None:
    rotation = Rotation[str]()
    for thing in ("a1", "a2", "a3", "b1", "c1", "c2"):
        rotation.put(thing[0], thing)
    assert len(rotation) == 6
    assert list(rotation) == ["a1", "a2", "a3", "b1", "c1", "c2"]
    assert [rotation.take() for _ in range(6)] == ["a1", "b1", "c1", "a2", "c2", "a3"]
    assert len(rotation) == 0
    with pytest.raises(KeyError):
        rotation.take()
