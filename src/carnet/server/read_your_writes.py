"""Read your writes, whichever process answers.

The answer to a change names the revision that has it. A request that carries a revision waits until the process that
answers it is there, before anything is looked up for it: also a key that was just made is then known.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable

from carnet.base.faults import Fault, Invalid, Unavailable
from carnet.base.http import RequestHead
from carnet.directory.directory import Directory

REVISION = "x-carnet-revision"
WAIT_SECONDS = 1.0
MOST_WAITING, MOST_OF_AN_ADDRESS = 512, 64
"""Requests that may wait at once. INVARIANT: who has proven nothing takes no more than his address's share."""
_LOOK_SECONDS = 0.005
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class Revisions:
    """Waits until the directory has reached a revision. For one event loop."""

    def __init__(self, directory: Directory, look_now: Callable[[], None]) -> None:
        """`look_now` asks that the store is looked at at once."""
        self._directory = directory
        self._look_now = look_now
        self._waiting: Counter[str] = Counter()

    async def wait(self, request: RequestHead) -> Fault | None:
        """What the request is refused for; None when it may be answered, for the revision that it carries is there."""
        carried = request.header_all(REVISION)
        if len(carried) != 1 or not _NUMBER.fullmatch(carried[0]):
            return Invalid(f"The header {REVISION} must be the number of a revision.")
        wanted = int(carried[0])
        if self._is_there(wanted):
            return None
        if self._waiting.total() >= MOST_WAITING or self._waiting[request.peer] >= MOST_OF_AN_ADDRESS:
            return Unavailable("Too many requests are waiting for a revision; try again later.")
        self._waiting[request.peer] += 1
        try:
            return await self._until_there(wanted)
        finally:
            self._waiting[request.peer] -= 1
            if not self._waiting[request.peer]:
                del self._waiting[request.peer]

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
