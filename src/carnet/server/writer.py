"""The one thread that changes the store: it takes what waits, commits it together, and tells the event loop."""

from __future__ import annotations

import asyncio
import logging
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import NamedTuple

from carnet.base.faults import Unavailable
from carnet.jobs.periodic import STOP_SECONDS
from carnet.services.execution import Change, Execution, Outcome

_LOG = logging.getLogger(__name__)
MOST_WAITING = 512
"""Changes that may wait before others are told to come back later."""
LARGEST_GROUP = 64
"""Changes that are committed together."""
ANSWER_SECONDS = 20.0
"""How long a change is waited for: longer than all timeouts of a store that answers, shorter than AWS's SDKs wait.

A store that hangs (a disk that stalls, a stopped process) keeps none of its own timeouts.
"""


class _Waiting(NamedTuple):
    change: Change
    outcome: asyncio.Future[Outcome]


class Writer:
    """Groups of changes, one after the other. A group is what came while the last one was made; none waits for more."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._bursts: SimpleQueue[AbstractEventLoop | None] = SimpleQueue()
        """The loop of each burst of changes that is to be made; None for the end."""
        self._closed = False
        # INVARIANT: the process does not wait for it at its end: the store may hang.
        self._thread = Thread(target=self._make_bursts, name="writer", daemon=True)
        self._thread.start()
        self._changing = Lock()
        """Held while `_queue` and `_runs` are looked at together."""
        self._queue: deque[_Waiting] = deque()
        self._runs = False
        self._unanswered = 0

    async def write(self, change: Change) -> Outcome:
        """Make one change, in its turn; raises Unavailable if too many wait, or if it takes too long.

        A change that nobody waits for any more when its turn comes is not made. Of one that was under way by then,
        nobody knows.
        """
        if self._closed:
            raise Unavailable("The server ends.")
        if self._unanswered >= MOST_WAITING:
            raise Unavailable("Too many changes are waiting; try again later.")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(change, loop.create_future())
        self._unanswered += 1
        try:
            with self._changing:
                self._queue.append(waiting)
                starts, self._runs = not self._runs, True
            if starts:
                self._bursts.put(loop)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await waiting.outcome
        except TimeoutError:
            self._forget_cancelled()
            raise Unavailable("The store does not answer.") from None
        finally:
            self._unanswered -= 1

    def close(self) -> None:
        """Make the changes that wait, and end; after STOP_SECONDS, what a store that hangs keeps is left behind."""
        self._closed = True
        self._bursts.put(None)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            _LOG.warning("the store has not answered the last changes: nobody knows whether they are made")

    def _make_bursts(self) -> None:
        while (loop := self._bursts.get()) is not None:
            self._run(loop)

    def _run(self, loop: AbstractEventLoop) -> None:
        while group := self._take():
            made: Sequence[Outcome | BaseException]
            try:
                made = self._execution.write_together([one.change for one in group])
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

    def _forget_cancelled(self) -> None:
        """INVARIANT: while the thread hangs, what is given up does not pile up in the queue."""
        with self._changing:
            self._queue = deque(waiting for waiting in self._queue if not waiting.outcome.cancelled())

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
