"""Who may have how many of an upstream's connections, and who is next if all are in use.

An upload or a download holds its connection as long as its client likes. INVARIANT: no caller holds more than half of
them, so that others go on.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import Counter, deque


class Room:
    """So many connections. A caller is an account, or the network of somebody who has none; '' is Carnet itself."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_one = max(1, most // 2)
        self._held: Counter[str] = Counter()
        self._in_use = 0
        self._waiting: dict[str, deque[Future[None]]] = {}
        """By caller, in the order of whose turn it is next."""

    async def take(self, caller: str, seconds: float) -> None:
        """Have one more, which `give_back` ends. Raises TimeoutError if there was none in time."""
        if self._has_room(caller):
            self._count(caller)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            self._leave(caller, turn)
            raise

    def give_back(self, caller: str) -> None:
        """One that was had is free again."""
        self._in_use -= 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        for one in tuple(self._waiting):
            while one in self._waiting and self._has_room(one):
                self._hand_on(one)

    def _has_room(self, caller: str) -> bool:
        return self._in_use < self._most and (not caller or self._held[caller] < self._most_of_one)

    def _count(self, caller: str) -> None:
        self._in_use += 1
        self._held[caller] += 1

    def _hand_on(self, caller: str) -> None:
        """To the first of a caller's, whose next one comes behind those of others."""
        turns = self._waiting.pop(caller)
        turn = turns.popleft()
        if turns:
            self._waiting[caller] = turns
        if not turn.done():  # else it is given up, and about to leave
            self._count(caller)
            turn.set_result(None)

    def _leave(self, caller: str, turn: Future[None]) -> None:
        """It waits no more. If its turn came in the same moment, that is over."""
        if turn.done() and not turn.cancelled():
            self.give_back(caller)
            return
        turns = self._waiting.get(caller, deque())
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._waiting.pop(caller, None)
