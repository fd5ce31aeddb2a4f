"""How much of something that is scarce each caller may have, and who is next if all of it is in use.

An upload or a download holds its connection as long as its client likes, and a long body its part of the memory.
INVARIANT: no caller holds more than its share, which is half unless it is said, so that others go on; and whoever waits
for more than is free is not overtaken for ever by those who want less.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class _Turn:
    amount: int
    come: Future[None]
    overtaken: int = 0
    """How much others have got while it was the first of its caller's, and only room was missing."""


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
        if self._has_room(caller, amount) and not any(self._owed_callers()):
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
        self._hand_out()

    def _hand_out(self) -> None:
        """Let those go on for whom there is room; if something is owed to some of them, no others."""
        while (following := self._next_caller()) is not None:
            self._hand_on(following)

    def _next_caller(self) -> str | None:
        among = tuple(self._owed_callers()) or self._waiting
        return next((one for one in among if self._has_room(one, self._waiting[one][0].amount)), None)

    def _has_room(self, caller: str, amount: int) -> bool:
        return self._in_use + amount <= self._most and self._is_of_share(caller, amount)

    def _is_of_share(self, caller: str, amount: int) -> bool:
        return not caller or self._held[caller] + amount <= self._most_of_one

    def _owed_callers(self) -> Iterator[str]:
        """The callers that were overtaken by as much as there is: all of it came free, and would have been theirs."""
        for one, (first, *_) in self._waiting.items():
            if first.overtaken >= self._most and self._is_of_share(one, first.amount):
                yield one

    def _count(self, caller: str, amount: int) -> None:
        self._in_use += amount
        self._held[caller] += amount
        for one, (first, *_) in self._waiting.items():
            if one != caller and self._is_of_share(one, first.amount):
                first.overtaken += amount

    def _hand_on(self, caller: str) -> None:
        """To the first of a caller's, whose next one comes behind those of others."""
        turns = self._waiting.pop(caller)
        turn = turns.popleft()
        if not turn.come.done():  # else it is given up, and about to leave
            self._count(caller, turn.amount)
            turn.come.set_result(None)
        if turns:
            self._waiting[caller] = turns

    def _leave(self, caller: str, turn: _Turn) -> None:
        """It waits no more, and what it was owed is free. If its turn came in the same moment, that is over."""
        if turn.come.done() and not turn.come.cancelled():
            self.give_back(caller, turn.amount)
            return
        turns = self._waiting.get(caller, deque())
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._waiting.pop(caller, None)
        self._hand_out()
