"""How much of something that is scarce each caller may have, and who is next if all of it is in use.

An upload or a download holds its connection as long as its client likes, and a long body its part of the memory.
INVARIANT: no caller holds more than its share, which is half unless it is said, so that others go on.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import Counter, deque
from typing import NamedTuple


class _Turn(NamedTuple):
    amount: int
    come: Future[None]


class Room:
    """So many connections, or bytes. A caller is an account, or the network of somebody who has none; '' is Carnet
    itself."""

    def __init__(self, most: int, of_one: int | None = None) -> None:
        """`of_one` is the share of one caller."""
        self._most = most
        self._most_of_one = max(1, most // 2) if of_one is None else of_one
        self._held: Counter[str] = Counter()
        self._in_use = 0
        self._waiting: dict[str, deque[_Turn]] = {}
        """By caller, in the order of whose turn it is next."""

    async def take(self, caller: str, seconds: float, amount: int = 1) -> None:
        """Have so much more, which `give_back` ends. Raises TimeoutError if there was no room in time."""
        if self._has_room(caller, amount):
            self._count(caller, amount)
            return
        turn = _Turn(amount, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn.come
        except BaseException:
            self._leave(caller, turn)
            raise

    def give_back(self, caller: str, amount: int = 1) -> None:
        """What was had is free again."""
        self._in_use -= amount
        self._held[caller] -= amount
        if not self._held[caller]:
            del self._held[caller]
        for one in tuple(self._waiting):
            while one in self._waiting and self._has_room(one, self._waiting[one][0].amount):
                self._hand_on(one)

    def _has_room(self, caller: str, amount: int) -> bool:
        return self._in_use + amount <= self._most and (not caller or self._held[caller] + amount <= self._most_of_one)

    def _count(self, caller: str, amount: int) -> None:
        self._in_use += amount
        self._held[caller] += amount

    def _hand_on(self, caller: str) -> None:
        """To the first of a caller's, whose next one comes behind those of others."""
        turns = self._waiting.pop(caller)
        turn = turns.popleft()
        if turns:
            self._waiting[caller] = turns
        if not turn.come.done():  # else it is given up, and about to leave
            self._count(caller, turn.amount)
            turn.come.set_result(None)

    def _leave(self, caller: str, turn: _Turn) -> None:
        """It waits no more. If its turn came in the same moment, that is over."""
        if turn.come.done() and not turn.come.cancelled():
            self.give_back(caller, turn.amount)
            return
        turns = self._waiting.get(caller, deque())
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._waiting.pop(caller, None)
