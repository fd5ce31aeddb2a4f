"""Read your writes: a client sees its own changes, whichever process answers.

The answer to a change names the revision that has it. A request that carries a revision waits until the answering
process has reached it, before anything is looked up. So even a key that was just made is known.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from carnet.base.faults import Fault, Invalid, Unavailable
from carnet.base.http import RequestHead
from carnet.directory.directory import Directory

REVISION = "x-carnet-revision"
WAIT_SECONDS = 1.0
MOST_WAITING, MOST_OF_STRANGERS, MOST_OF_ONE = 512, 256, 64
"""How many requests may wait at the same time: all together, those of callers who are not proven yet, and those of one
account or address.

INVARIANT: callers who are not proven take no more than their address's share, and leave room for proven ones; an
account takes no more than its own share, from any number of addresses.
"""
_LOOK_SECONDS = 0.005
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)

R = TypeVar("R", bound=RequestHead)


class _Whose(NamedTuple):
    """The account or address to whose share a waiting request counts."""

    account: str
    address: str


class Revisions:
    """Waits until the directory has reached a revision. For one event loop."""

    def __init__(self, directory: Directory, look_now: Callable[[], None]) -> None:
        """`look_now` makes the follower look at the store at once."""
        self._directory = directory
        self._look_now = look_now
        self._waiting: Counter[_Whose] = Counter()
        self._strangers = 0

    async def wait(self, request: R, account: Callable[[R], str]) -> Fault | None:
        """Wait until the revision that the request carries is reached. Returns a fault if the request has to be
        refused, else None.

        `account` returns the account of the caller, or '' if it is not proven yet. It is called only if the request has
        to wait.
        """
        carried = request.header_all(REVISION)
        if len(carried) != 1 or not _NUMBER.fullmatch(carried[0]):
            return Invalid(f"The header {REVISION} must be the number of a revision.")
        wanted = int(carried[0])
        if self._is_there(wanted):
            return None
        proven = account(request)
        whose = _Whose(proven, "" if proven else request.peer)
        if not self._has_room(whose):
            return Unavailable("Too many requests are waiting for a revision; try again later.")
        self._waiting[whose] += 1
        self._strangers += not proven
        try:
            return await self._until_there(wanted)
        finally:
            self._strangers -= not proven
            self._waiting[whose] -= 1
            if not self._waiting[whose]:
                del self._waiting[whose]

    def _has_room(self, whose: _Whose) -> bool:
        if self._waiting[whose] >= MOST_OF_ONE or self._waiting.total() >= MOST_WAITING:
            return False
        return bool(whose.account) or self._strangers < MOST_OF_STRANGERS

    async def _until_there(self, wanted: int) -> Fault | None:
        self._look_now()
        end = asyncio.get_running_loop().time() + WAIT_SECONDS
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._is_there(wanted):
                return None
        there = self._directory.snapshot.seq
        return Unavailable(f"This server is at revision {there}, and revision {wanted} is waited for; try again later.")

    def _is_there(self, wanted: int) -> bool:
        return self._directory.snapshot.seq >= wanted
