"""The requests of one connection that have arrived: they are answered one after the other, in the order that they came.

Turns are the queue of one connection. What is answered at once never enters it; what takes a while holds its turn, and
the requests behind it wait.
"""

from __future__ import annotations

import asyncio
from asyncio import Task, TimerHandle
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from carnet.base.http import HttpRequest, RequestHead
from carnet.server.fairness.shares import Flow, Shares
from carnet.server.frontend import Streaming
from carnet.server.http.body_stream import BodyStream
from carnet.server.http.patience import Patience
from carnet.server.http.streaming import Room
from carnet.server.limits import BodyBudget


class Arriving(NamedTuple):
    """A request whose body is read while it arrives."""

    head: RequestHead
    body: BodyStream
    by: Streaming


class Turns:
    """Calls `answer` with each request in its turn; `press_back` when reading on may depend on those that wait.

    No turn comes while the client leaves what was sent before lie: while there is no `room`. Beyond the share of the
    connection's `flow`, its turn comes behind those of others.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tasks: set[Task[None]],
        room: Room,
        patience: Patience,
        shares: Shares,
        flow: Flow,
        bodies: BodyBudget,
        *,
        answer: Callable[[HttpRequest | Arriving], None],
        press_back: Callable[[], None],
    ) -> None:
        """`tasks` are what the server waits for when it stops."""
        self._loop = loop
        self._tasks = tasks
        self._room = room
        self._patience = patience
        self._shares = shares
        self.flow = flow
        """Whose share the answers are of."""
        self._bodies = bodies
        self._answer = answer
        self._press_back = press_back
        self.waiting: deque[HttpRequest | Arriving] = deque()
        """Requests whose turn has not come."""
        self.held: Task[None] | None = None
        """The task that answers a request, or sends an answer: nobody else has a turn."""
        self._ends_with_client = False
        """Whether that task is of no use once the client has gone away."""
        self.pauses = False
        """Whether no turn comes for a while, whatever happens."""
        self._pause: TimerHandle | None = None
        self._in_line = False
        """Whether the shares are to say when the next turn is."""

    def take(self, request: HttpRequest | Arriving) -> bool:
        """Answer a request, if its turn has come, or let it wait; False if there is no room for that."""
        if not self.waiting and self._may_begin and self._shares.has(self.flow):
            self._answer(request)
            self._shares.spend(self.flow)
            return True
        if not self._bodies.take(_size(request), proven=bool(self.flow.account)):
            return False
        self.waiting.append(request)
        self._stand_in_line()
        return True

    def go_on(self) -> None:
        """Answer those that wait: as many as may be now, and the others behind those of other connections."""
        self._shares.begin()
        while self.waiting and self._may_begin and self._shares.has(self.flow):
            self._answer_next()
            self._shares.spend(self.flow)
        self._stand_in_line()

    def _stand_in_line(self) -> None:
        if self.waiting and self._may_begin and not self._in_line:
            self._in_line = True
            self._shares.wait(self.flow, self._have_turn)
        self._press_back()

    def _have_turn(self) -> None:
        self._in_line = False
        if self.waiting and self._may_begin:
            self._answer_next()
        self._stand_in_line()

    def _answer_next(self) -> None:
        request = self.waiting.popleft()
        self._bodies.give_back(_size(request))
        self._answer(request)

    @property
    def _may_begin(self) -> bool:
        return self.held is None and not self._room.is_full and not self.pauses

    def pause(self, seconds: float) -> None:
        """Give nobody a turn for so long, and read nothing: the client calls too often."""
        self.pauses = True
        if self._pause is not None:
            self._pause.cancel()
        self._pause = self._loop.call_later(seconds, self._resume)
        self._press_back()

    def _resume(self) -> None:
        self.pauses, self._pause = False, None
        self.go_on()

    def hold(self, work: Coroutine[Any, Any, None], *, ends_with_client: bool) -> Task[None]:
        """Do what takes a while, until `let_go`. Meanwhile the client is not waited for."""
        self._patience.forget()
        self.held, self._ends_with_client = self.begin(work), ends_with_client
        return self.held

    def let_go(self) -> None:
        """What took a while is done; `go_on` gives the next one its turn."""
        self.held, self._ends_with_client = None, False

    def begin(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        """Do something for which no request waits."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def give_up(self) -> None:
        """Nobody hears the answers: forget those that wait. A change that is under way goes on."""
        for request in self.waiting:
            self._bodies.give_back(_size(request))
        self.waiting.clear()
        if self._pause is not None:
            self._pause.cancel()
        if self._ends_with_client and self.held is not None:
            self.held.cancel()


def _size(request: HttpRequest | Arriving) -> int:
    """What a request takes while it waits, of what its client chose: but for a head, which is small."""
    return 0 if isinstance(request, Arriving) else len(request.body)
