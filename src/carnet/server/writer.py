"""The one thread that changes the store: it takes what waits, commits it together, and tells the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import NamedTuple

from carnet.base.faults import Unavailable
from carnet.services.execution import Execution, Outcome, Requested

MOST_WAITING = 512
"""Changes that may wait before others are told to come back later."""
LARGEST_GROUP = 64
"""Changes that are committed together."""


class _Waiting(NamedTuple):
    requested: Requested
    outcome: asyncio.Future[Outcome]


class Writer:
    """Groups of changes, one after the other. A group is what came while the last one was made; none waits for more."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._changing = Lock()
        """Held while `_queue` and `_runs` are looked at together."""
        self._queue: deque[_Waiting] = deque()
        self._runs = False
        self._unanswered = 0

    async def write(self, requested: Requested) -> Outcome:
        """Make one change, in its turn; raises Unavailable if too many wait.

        A change that nobody waits for any more when its turn comes is not made.
        """
        if self._unanswered >= MOST_WAITING:
            raise Unavailable("Too many changes are waiting; try again later.")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(requested, loop.create_future())
        self._unanswered += 1
        try:
            with self._changing:
                self._queue.append(waiting)
                starts, self._runs = not self._runs, True
            if starts:
                self._thread.submit(self._run, loop)
            return await waiting.outcome
        finally:
            self._unanswered -= 1

    def close(self) -> None:
        """Make the changes that wait, and end."""
        self._thread.shutdown(wait=True)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while group := self._take():
            made: Sequence[Outcome | BaseException]
            try:
                made = self._execution.write_together([one.requested for one in group])
            except BaseException as problem:
                made = [problem] * len(group)
            self._put_back(group[len(made) :])
            told = list(zip(group, made, strict=False))
            with suppress(RuntimeError):  # the loop has ended: nobody is to be told any more
                loop.call_soon_threadsafe(_tell, told)

    def _take(self) -> list[_Waiting]:
        with self._changing:
            group: list[_Waiting] = []
            while self._queue and len(group) < LARGEST_GROUP:
                waiting = self._queue.popleft()
                if not waiting.outcome.cancelled():
                    group.append(waiting)
            self._runs = bool(group)
            return group

    def _put_back(self, rest: list[_Waiting]) -> None:
        if rest:
            with self._changing:
                self._queue.extendleft(reversed(rest))


def _tell(told: list[tuple[_Waiting, Outcome | BaseException]]) -> None:
    for waiting, made in told:
        if waiting.outcome.done():
            continue  # cancelled while the change was made
        if isinstance(made, BaseException):
            waiting.outcome.set_exception(made)
        else:
            waiting.outcome.set_result(made)
