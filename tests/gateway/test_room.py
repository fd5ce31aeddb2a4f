"""Whoever holds an upstream's connections leaves some for others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from carnet.gateway.upstreams.room import Room

ALICES, BOBS = "111122223333", "444455556666"
LONG, SHORT = 60.0, 0.01


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


async def had(room: Room, caller: str) -> int:
    """How many a caller gets at once."""
    count = 0
    while True:
        try:
            await room.take(caller, SHORT)
        except TimeoutError:
            return count
        count += 1


def test_one_caller_has_half_and_others_go_on() -> None:
    async def test() -> None:
        room = Room(8)
        assert await had(room, ALICES) == 4
        assert await had(room, BOBS) == 4
        with pytest.raises(TimeoutError):
            await room.take("", SHORT)
        room.give_back(ALICES)
        await room.take("", SHORT)

    run(test())


def test_carnet_itself_may_have_all_and_one_is_enough_for_one() -> None:
    async def test() -> None:
        assert await had(Room(8), "") == 8
        assert await had(Room(1), ALICES) == 1

    run(test())


def test_who_waits_has_turns_with_others_however_many_he_is() -> None:
    async def test() -> None:
        room, order = Room(2), list[str]()

        async def work(caller: str) -> None:
            await room.take(caller, LONG)
            order.append(caller)
            await asyncio.sleep(0)
            room.give_back(caller)

        await room.take("", SHORT)
        await room.take("", SHORT)
        waiting = [asyncio.create_task(work(caller)) for caller in (*[ALICES] * 6, BOBS, BOBS)]
        await asyncio.sleep(0)
        room.give_back("")
        await asyncio.gather(*waiting)
        assert order.index(BOBS) <= 1
        assert order[:4].count(BOBS) == 2
        room.give_back("")
        assert await had(room, "") == 2, "all are free again"

    run(test())


def test_who_gives_up_waits_for_nothing() -> None:
    """Also in the moment in which the turn comes."""

    async def test() -> None:
        room = Room(2)
        await room.take(ALICES, SHORT)
        given_up = asyncio.create_task(room.take(ALICES, LONG))
        late = asyncio.create_task(room.take(ALICES, LONG))
        await asyncio.sleep(0)
        given_up.cancel()
        room.give_back(ALICES)
        await late
        room.give_back(ALICES)
        unlucky = asyncio.create_task(room.take(BOBS, LONG))
        await room.take("", SHORT)
        await room.take("", SHORT)
        await asyncio.sleep(0)
        room.give_back("")
        unlucky.cancel()
        await asyncio.gather(given_up, unlucky, return_exceptions=True)
        room.give_back("")
        assert await had(room, "") == 2

    run(test())


def test_who_gave_up_is_forgotten() -> None:
    """Also while nothing is given back."""

    async def test() -> None:
        room = Room(1)
        await room.take(ALICES, SHORT)
        with pytest.raises(TimeoutError):
            await room.take(ALICES, SHORT)
        assert room._waiting == {}

    run(test())


def test_room_is_had_in_amounts() -> None:
    """Of memory a long body takes more than a short one."""

    async def test() -> None:
        room = Room(10)
        await room.take(ALICES, SHORT, 4)
        with pytest.raises(TimeoutError):
            await room.take(ALICES, SHORT, 2)
        await room.take(ALICES, SHORT, 1)
        await room.take(BOBS, SHORT, 3)
        later = asyncio.create_task(room.take("", LONG, 4))
        await asyncio.sleep(0)
        room.give_back(ALICES, 1)
        assert not later.done()
        room.give_back(BOBS, 3)
        await later
        room.give_back("", 4)
        room.give_back(ALICES, 4)
        assert await had(room, "") == 10

    run(test())


async def overtaken(room: Room) -> int:
    """How much others get, a little each, before that much is free."""
    got = 0
    for _ in range(100):
        try:
            await room.take(BOBS, SHORT, 2)
        except TimeoutError:
            break
        got += 2
        room.give_back(BOBS, 2)
        await asyncio.sleep(0)
    return got


def test_who_wants_much_is_not_overtaken_for_ever() -> None:
    async def test() -> None:
        room = Room(10)
        await room.take("", SHORT, 6)
        much = asyncio.create_task(room.take(ALICES, LONG, 5))
        await asyncio.sleep(0)
        assert await overtaken(room) == 10
        room.give_back("", 6)
        await much
        assert await overtaken(room) == 200, "nobody waits any more"

    run(test())


def test_what_was_owed_to_who_gives_up_is_free() -> None:
    async def test() -> None:
        room = Room(10)
        await room.take("", SHORT, 6)
        much = asyncio.create_task(room.take(ALICES, LONG, 5))
        await asyncio.sleep(0)
        assert await overtaken(room) == 10
        little = asyncio.create_task(room.take(BOBS, LONG, 2))
        await asyncio.sleep(0)
        assert not little.done()
        much.cancel()
        await little

    run(test())


def test_nothing_is_owed_to_who_has_a_share_already() -> None:
    async def test() -> None:
        room = Room(10)
        await room.take(ALICES, SHORT, 5)
        more = asyncio.create_task(room.take(ALICES, LONG, 1))
        await asyncio.sleep(0)
        assert await overtaken(room) == 200
        room.give_back(ALICES, 5)
        await more

    run(test())
