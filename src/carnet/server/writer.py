"""The one thread that changes the store: it takes the changes that wait, commits them together, and tells the event
loop."""

from __future__ import annotations

import asyncio
import logging
from asyncio import AbstractEventLoop
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple

from carnet.base.faults import Unavailable, Unsent
from carnet.server.fairness.rotation import Rotation
from carnet.services.execution import Change, Done, Execution, Failed, Outcome
from carnet.store.changes import Revision
from carnet.store.faults import OutcomeUnknown, because

_LOG = logging.getLogger(__name__)
MOST_WAITING = 512
"""How many changes may wait before further ones are refused; of one account, half as many."""
LARGEST_GROUP = 64
"""How many changes are committed together at most."""
TURN_SECONDS = 0.7
"""How long another process may hold the store without committing before the changes that wait for their turn are
refused."""
STALL_SECONDS = 5.0
"""How long making a group of changes may take, mostly on the disk, before the changes behind it are refused."""
ANSWER_SECONDS = 20.0
"""How long a change that is being made is waited for: longer than all timeouts of a store that answers, shorter than
AWS's SDKs wait. A disk that stalls has no timeout of its own.
"""
STOP_SECONDS = 4.0
"""How long `close` waits for the changes that are being made."""
_LOOK_SECONDS = 0.1
_STUCK = "The store does not answer, or another process holds it. Nothing was changed."


class _Waiting(NamedTuple):
    change: Change
    outcome: asyncio.Future[Outcome]
    account: str


class _Group:
    """The changes that are committed together: those that wait when it is this thread's turn to write."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.taken: Sequence[_Waiting] = ()

    def __iter__(self) -> Iterator[Change]:
        if not self.taken:
            self.taken = self._writer._take()
        return iter([one.change for one in self.taken])


class Writer:
    """Makes groups of changes, one after the other. A group consists of the changes that came while the last group was
    made; it waits for no more.

    INVARIANT: a change whose caller was told that nothing was changed is not made later: it is taken from the queue
    either to be made or to be refused.
    """

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._bursts: SimpleQueue[bool] = SimpleQueue()
        """True for each burst of changes that is to be made; False for the end."""
        self._closed = False
        # INVARIANT: the process does not wait for this thread when it ends, because the store may hang.
        self._thread = Thread(target=self._make_bursts, name="writer", daemon=True)
        self._thread.start()
        self._changing = Lock()
        """Protects the attributes below, which are read and written together."""
        self._queue: deque[_Waiting] = deque()
        self._runs = False
        self._turn_asked: float | None = None
        """Since when the thread has waited for its turn to write while nobody wrote, on the monotonic clock; None if it
        does not wait."""
        self._making: float | None = None
        """Since when it has been making changes; None if it is not."""
        self._looking = False
        """Whether the event loop checks from time to time if the turn comes."""
        self._looked = 0.0
        """When the event loop checked last, on the monotonic clock."""
        self._seen: Revision | None = None
        self._refuses = False
        """Whether the log was told so, and of no change since."""
        self._unanswered = 0
        self._of_accounts: Counter[str] = Counter()
        """How many of the waiting changes each account has asked for."""

    async def write(self, change: Change, account: str) -> Outcome:
        """Make one change, in its turn. Raises Unavailable if too many wait, or if the store does not answer.

        The changes of `account`, the caller's account, take turns with those of other accounts; "" for the operator. A
        change whose caller no longer waits when its turn comes is not made. If it was being made by then, the outcome
        is not known: OutcomeUnknown.
        """
        if self._closed:
            raise Unavailable("The server ends.")
        if self._unanswered >= MOST_WAITING or (account and self._of_accounts[account] >= MOST_WAITING // 2):
            raise Unavailable("Too many changes are waiting; try again later.")
        self._forgive_own_absence()
        if self._is_stuck():
            raise Unavailable(_STUCK)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(change, loop.create_future(), account)
        self._unanswered += 1
        self._of_accounts[account] += 1
        try:
            with self._changing:
                self._queue.append(waiting)
                starts, self._runs = not self._runs, True
            if starts:
                self._bursts.put(True)
            if not self._looking:
                self._looking, self._looked = True, monotonic()
                loop.call_later(_LOOK_SECONDS, self._look, loop)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await waiting.outcome
        except TimeoutError:
            raise self._given_up(waiting) from None
        finally:
            self._unanswered -= 1
            self._of_accounts[account] -= 1
            if not self._of_accounts[account]:
                del self._of_accounts[account]

    async def make(self, change: Change, account: str) -> Done:
        """Make one change as `write` does, and raise the problem if it failed."""
        outcome = await self.write(change, account)
        if isinstance(outcome, Failed):
            raise outcome.problem
        return outcome

    def close(self) -> None:
        """Make the changes that wait, and end. After STOP_SECONDS, changes that a hanging store holds back are given
        up."""
        self._closed = True
        self._bursts.put(False)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            _LOG.warning("the store has not answered the last changes: nobody knows whether they are made")

    def _given_up(self, waiting: _Waiting) -> Unavailable:
        """The problem of a change that took too long."""
        with self._changing:
            others = deque(one for one in self._queue if one.outcome is not waiting.outcome)
            waited, self._queue = len(others) < len(self._queue), others
        return Unavailable(_STUCK) if waited else OutcomeUnknown()

    def _look(self, loop: AbstractEventLoop) -> None:
        """Refuse the changes that wait for a turn that does not come. INVARIANT: this is repeated as long as a change
        waits."""
        self._forgive_own_absence()
        revision = self._execution.directory.snapshot.revision
        if revision != self._seen:
            self._seen = revision
            with self._changing:  # another process writes, and this one is only one of many that wait
                self._turn_asked = self._turn_asked and monotonic()
        if self._is_stuck():
            with self._changing:
                refused, self._queue = self._queue, deque()
            _tell([(waiting, Unavailable(_STUCK)) for waiting in refused])
        self._looking = self._unanswered > 0
        if self._looking:
            loop.call_later(_LOOK_SECONDS, self._look, loop)

    def _forgive_own_absence(self) -> None:
        """Do not count the time for which this process did not run: the store did not cause it.

        The process was stopped, for example, or others had the processor. It shows in a check that comes later than
        planned.
        """
        now = monotonic()
        absent = now - self._looked - 2 * _LOOK_SECONDS
        self._looked = now
        if self._looking and absent > 0:
            with self._changing:
                self._turn_asked = self._turn_asked and self._turn_asked + absent
                self._making = self._making and self._making + absent

    def _is_stuck(self) -> bool:
        return (
            self._execution.store.silent
            or _is_over(self._turn_asked, TURN_SECONDS)
            or _is_over(self._making, STALL_SECONDS)
        )

    def _make_bursts(self) -> None:
        while self._bursts.get():
            while self._goes_on():
                pass

    def _goes_on(self) -> bool:
        """Make a group; whether there may be another one. INVARIANT: the thread lives, whatever memory there is.

        Those whose changes were made, and who were not told for want of it, wait for ANSWER_SECONDS: nobody knows then.
        """
        try:
            if not self._begins():
                return False
            self._make_group()
        except MemoryError:
            sleep(_LOOK_SECONDS)
        return True

    def _begins(self) -> bool:
        """Whether a change waits; then the thread asks for its turn."""
        with self._changing:
            self._drop_cancelled()
            self._runs = bool(self._queue)
            self._turn_asked, self._making = (monotonic() if self._runs else None), None
            return self._runs

    def _make_group(self) -> None:
        group = _Group(self)
        made: Sequence[Outcome | BaseException]
        try:
            made = self._execution.write_together(group)
        except BaseException as problem:
            made = [problem for _ in group] or [problem]
        self._put_back(group.taken[len(made) :])
        told = list(zip(group.taken, made, strict=False))
        if told:
            # That of those who wait: a burst may have begun on another one, which has ended meanwhile.
            loop = told[0][0].outcome.get_loop()
            with suppress(RuntimeError):  # the event loop has ended: there is nobody to tell
                loop.call_soon_threadsafe(_tell, told)
        self._note(made)

    def _note(self, made: Sequence[Outcome | BaseException]) -> None:
        """Tell the log why changes are refused, once, and when they are made again.

        A store that takes no changes may well answer who reads it, so that nobody else tells of it.
        """
        if any(isinstance(one, Done) for one in made):
            if self._refuses:
                _LOG.warning("changes are made again")
            self._refuses = False
            return
        problems = (one.problem for one in made if isinstance(one, Failed))
        reason = next((one for one in problems if isinstance(one, Unavailable) and not isinstance(one, Unsent)), None)
        if reason is not None and not self._refuses:
            _LOG.warning("changes are refused. %s", because(reason))
            self._refuses = True

    def _take(self) -> list[_Waiting]:
        with self._changing:
            self._turn_asked, self._making = None, monotonic()
            self._drop_cancelled()
            if len(self._queue) <= LARGEST_GROUP:
                taken, self._queue = list(self._queue), deque()
                return taken
            turns = Rotation[_Waiting]()
            for waiting in self._queue:
                turns.put(waiting.account, waiting)
            taken = [turns.take() for _ in range(LARGEST_GROUP)]
            self._queue = deque(turns)
            return taken

    def _drop_cancelled(self) -> None:
        self._queue = deque(waiting for waiting in self._queue if not waiting.outcome.cancelled())

    def _put_back(self, rest: Sequence[_Waiting]) -> None:
        if rest:
            with self._changing:
                self._queue.extendleft(reversed(rest))


def _is_over(since: float | None, seconds: float) -> bool:
    return since is not None and monotonic() - since > seconds


def _tell(told: Sequence[tuple[_Waiting, Outcome | BaseException]]) -> None:
    for waiting, made in told:
        if waiting.outcome.done():
            continue  # cancelled while the change was made
        if isinstance(made, BaseException):
            waiting.outcome.set_exception(made)
        else:
            waiting.outcome.set_result(made)
