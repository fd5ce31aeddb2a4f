"""Turns for work of which only little can run at once: accounts take turns, and so do the networks of one account.

So a flood on one account does not keep out callers of other accounts, and a flood from one network keeps out few
callers from others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

from carnet.base.faults import Unavailable
from carnet.identity.networks import network_key

_BUSY = "Too many requests of this kind are waiting; try again later."


class Whose(NamedTuple):
    """The account and the network that work is done for."""

    account: str
    """The account of the caller. For callers who are not proven, the account that they name: whoever floods an account
    shares its turns."""
    network: bytes | str = ""


def whose(account: str, peer: str) -> Whose:
    """`peer` is the address from which the work is asked for."""
    return Whose(account, network_key(peer))


class _Waiting(NamedTuple):
    number: int
    of: Whose
    turn: asyncio.Future[None]


class Turns:
    """The turns of one event loop: so many at once, and so many more requests may wait for one.

    INVARIANT: while a request of another account waits, no account is served twice in a row. The same is true of the
    networks of an account.
    """

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._most = waiting
        self._waiting: list[_Waiting] = []
        self._number = 0
        self._had = _Served()

    async def take(self, of: Whose, seconds: float) -> None:
        """Wait for a turn, which ends with `release`. Raises Unavailable if there is no room, or no turn in time."""
        if self._free and not self._waiting:
            self._free -= 1
            return
        mine = self._wait(of)
        try:
            async with asyncio.timeout(seconds):
                await mine.turn
        except TimeoutError:
            self._leave(mine)
            raise Unavailable(_BUSY) from None
        except BaseException:
            self._leave(mine)
            raise

    def release(self) -> None:
        """End a turn, so that the next one begins."""
        self._free += 1
        while self._free and self._waiting:
            following = min(self._waiting, key=lambda one: (*self._had.of(one.of), one.number))
            self._waiting.remove(following)
            if not following.turn.done():
                self._free -= 1
                self._had.count(following.of)
                following.turn.set_result(None)
        self._had.keep(one.of for one in self._waiting)

    def _wait(self, of: Whose) -> _Waiting:
        """Take a place. If all are taken, the newest request of the account or network that has the most places loses
        its own; it may be this one."""
        self._number += 1
        self._had.join(of, [one.of for one in self._waiting])
        mine = _Waiting(self._number, of, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if len(self._waiting) > self._most:
            last = _newest_of_most(self._waiting)
            self._waiting.remove(last)
            if not last.turn.done():
                last.turn.set_exception(Unavailable(_BUSY))
        return mine

    def _leave(self, mine: _Waiting) -> None:
        """Stop waiting. If the turn came at the same moment, it ends."""
        if mine in self._waiting:
            self._waiting.remove(mine)
        elif mine.turn.done() and not mine.turn.cancelled() and mine.turn.exception() is None:
            self.release()


def _newest_of_most(waiting: list[_Waiting]) -> _Waiting:
    accounts = Counter(one.of.account for one in waiting)
    both, networks = Counter(one.of for one in waiting), Counter(one.of.network for one in waiting)
    return max(waiting, key=lambda one: (accounts[one.of.account], both[one.of], networks[one.of.network], one.number))


_KEYS: tuple[Callable[[Whose], Hashable], ...] = (
    lambda whose: whose.account,
    lambda whose: whose,
    lambda whose: whose.network,
)
"""What turns are counted by: the account, the network within the account, and the network whatever account it names."""


class _Served:
    """How many turns each of those who wait has had, and who had the last one. This decides who is next."""

    def __init__(self) -> None:
        self._counts = tuple(dict[Hashable, int]() for _ in _KEYS)
        self._last: list[Whose] = []

    def of(self, whose: Whose) -> tuple[int, ...]:
        """A sort key: the smallest is next."""
        return tuple(counts.get(key(whose), 0) for counts, key in zip(self._counts, _KEYS, strict=True))

    def join(self, whose: Whose, others: Sequence[Whose]) -> None:
        """Note that somebody begins to wait. INVARIANT: nobody catches up on turns for a time in which they did not
        wait."""
        same_account = [one for one in others if one.account == whose.account]
        for counts, key, among in zip(self._counts, _KEYS, (others, same_account, others), strict=True):
            least = min((counts.get(key(one), 0) for one in among), default=0)
            counts[key(whose)] = max(counts.get(key(whose), 0), least)

    def count(self, whose: Whose) -> None:
        """Count one more turn."""
        self._last = [whose]
        for counts, key in zip(self._counts, _KEYS, strict=True):
            counts[key(whose)] = counts.get(key(whose), 0) + 1

    def keep(self, waiting: Iterable[Whose]) -> None:
        """Forget all others."""
        known = [*waiting, *self._last]
        for counts, key in zip(self._counts, _KEYS, strict=True):
            for forgotten in counts.keys() - {key(one) for one in known}:
                del counts[forgotten]
