"""Whose turn it is: accounts, and networks among each other, and nobody is kept out by who floods."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest

from carnet.base.faults import Unavailable
from carnet.services.turns import Turns, Whose, whose

ROOM = 8


class Line:
    """One turn at a time, which is taken as long as the line is there, and who had one after it, in order."""

    def __init__(self, *, waiting: int = ROOM, seconds: float = 60.0) -> None:
        self.turns = Turns(at_once=1, waiting=waiting)
        self.seconds = seconds
        self.served: list[Whose] = []
        self.refused: list[Whose] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        await self.turns.take(Whose("somebody before"), 60.0)

    async def come(self, *who: Whose) -> None:
        """All of them, one after the other; each waits in a task of its own."""
        for one in who:
            self.tasks.append(asyncio.create_task(self._wait(one)))
            await asyncio.sleep(0)

    async def _wait(self, who: Whose) -> None:
        try:
            await self.turns.take(who, self.seconds)
        except Unavailable:
            self.refused.append(who)
        else:
            self.served.append(who)

    async def serve(self, times: int = 1) -> None:
        for _ in range(times):
            self.turns.release()
            await asyncio.sleep(0)
            await asyncio.sleep(0)


def played(scenario: Callable[[Line], Awaitable[None]], line: Callable[[], Line] = Line) -> Line:
    async def play() -> Line:
        made = line()
        await made.begin()
        await scenario(made)
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        return made

    return asyncio.run(play())


def flood(account: str, networks: Iterable[str] = ("bot",)) -> list[Whose]:
    return [Whose(account, network) for network in networks for _ in range(5 * ROOM)]


VICTIM = Whose("victim", "home")


@pytest.mark.parametrize(
    "flooded",
    [
        flood("flooded"),
        flood("flooded", [f"bot {number}" for number in range(20)]),
        [Whose(f"account {number}", "bot") for number in range(5 * ROOM)],
        flood("victim"),
    ],
    ids=["one account", "one account from many networks", "many accounts from one network", "the same account"],
)
def test_who_comes_after_a_flood_is_served_after_one_of_it_at_most(flooded: list[Whose]) -> None:
    async def scenario(line: Line) -> None:
        await line.come(*flooded)
        await line.come(VICTIM)
        await line.come(*flooded)
        await line.serve(2)

    line = played(scenario)
    assert VICTIM in line.served
    assert VICTIM not in line.refused
    assert len(line.refused) == 2 * len(flooded) + 1 - ROOM


def test_who_floods_while_nobody_else_comes_is_served_all_the_same() -> None:
    async def scenario(line: Line) -> None:
        await line.come(*[VICTIM] * (ROOM + 3))
        await line.serve(ROOM)

    line = played(scenario)
    assert line.served == [VICTIM] * ROOM
    assert line.refused == [VICTIM] * 3


def test_accounts_have_turns_in_the_order_in_which_they_came() -> None:
    a, b, c = (Whose(name) for name in "abc")

    async def scenario(line: Line) -> None:
        await line.come(a, a, a, b, b, c)
        await line.serve(6)

    assert played(scenario).served == [a, b, c, a, b, a]


def test_nobody_catches_up_on_a_time_when_he_did_not_wait() -> None:
    early, late = Whose("early"), Whose("late")

    async def scenario(line: Line) -> None:
        await line.come(*[early] * 6)
        await line.serve(4)
        await line.come(*[late] * 4)
        await line.serve(4)

    served = played(scenario).served
    assert served[:4] == [early] * 4
    assert sorted(served[4:]) == [early, early, late, late], "and not four of the late one"


def test_a_turn_that_is_not_waited_for_is_the_next_ones() -> None:
    async def scenario(line: Line) -> None:
        await line.come(VICTIM, VICTIM)
        line.tasks[0].cancel()
        await asyncio.sleep(0)
        await line.serve()
        assert line.served == [VICTIM]
        await line.come(VICTIM)
        line.turns.release()  # the turn is given, and whoever waits for it goes away before it hears of it
        line.tasks[2].cancel()
        await asyncio.sleep(0)
        await line.come(VICTIM)
        await asyncio.sleep(0)

    assert played(scenario).served == [VICTIM, VICTIM]


def test_who_waits_too_long_is_refused_and_leaves_the_turn_to_others() -> None:
    async def scenario(line: Line) -> None:
        await line.come(VICTIM)
        await asyncio.wait(line.tasks)
        await line.serve()
        line.seconds = 60.0
        await line.come(VICTIM)
        await asyncio.sleep(0)

    line = played(scenario, lambda: Line(seconds=0.01))
    assert (line.refused, line.served) == ([VICTIM], [VICTIM])


def test_of_those_who_are_gone_nothing_is_remembered() -> None:
    async def scenario(line: Line) -> None:
        await line.come(*(Whose(f"account {number}", f"network {number}") for number in range(50 * ROOM)))
        await line.serve(ROOM)
        assert all(len(counts) <= 1 for counts in line.turns._had._counts)

    played(scenario)


def test_a_network_is_where_an_address_is() -> None:
    assert whose("a", "198.51.100.7") == whose("a", "198.51.100.200") != whose("a", "203.0.113.7")
