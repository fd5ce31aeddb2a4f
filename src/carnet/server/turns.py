"""The requests of one connection that have arrived: they are answered one after the other, in the order that they came.

Turns are the queue of one connection. What is answered at once never enters it; what takes a while holds its turn, and
the requests behind it wait.
"""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from carnet.base.http import HttpRequest, RequestHead
from carnet.server.body_stream import BodyStream
from carnet.server.door import Streaming
from carnet.server.patience import Patience
from carnet.server.streaming import Room

MOST_AT_ONCE = 32
"""How many requests of one connection are answered before others have their turn."""


class Arriving(NamedTuple):
    """A request whose body is read while it arrives."""

    head: RequestHead
    body: BodyStream
    by: Streaming


class Turns:
    """Calls `answer` with each request in its turn; `press_back` when reading on may depend on those that wait.

    No turn comes while the client leaves what was sent before lie: while there is no `room`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tasks: set[Task[None]],
        room: Room,
        patience: Patience,
        *,
        answer: Callable[[HttpRequest | Arriving], None],
        press_back: Callable[[], None],
    ) -> None:
        """`tasks` are what the server waits for when it stops."""
        self._loop = loop
        self._tasks = tasks
        self._room = room
        self._patience = patience
        self._answer = answer
        self._press_back = press_back
        self.waiting: deque[HttpRequest | Arriving] = deque()
        """Requests whose turn has not come."""
        self.held: Task[None] | None = None
        """The task that answers a request, or sends an answer: nobody else has a turn."""
        self._ends_with_client = False
        """Whether that task is of no use once the client has gone away."""
        self._answered_at_once = 0
        """How many requests of the bytes that came last have been answered."""

    def begin_read(self) -> None:
        """Bytes came: as many requests as may be answered at once are answered."""
        self._answered_at_once = 0

    def take(self, request: HttpRequest | Arriving) -> None:
        """Answer a request, if its turn has come, or let it wait."""
        enough = self._answered_at_once >= MOST_AT_ONCE
        if enough or self.held is not None or self._room.is_full or self.waiting:
            if enough and not self.waiting:
                self._loop.call_soon(self.go_on)
            self.waiting.append(request)
            self._press_back()
        else:
            self._answered_at_once += 1
            self._answer(request)

    def go_on(self) -> None:
        """Answer those that wait, some of them now and the others behind other connections."""
        for _ in range(MOST_AT_ONCE):
            if not self._next_may_begin:
                break
            self._answer(self.waiting.popleft())
        if self._next_may_begin:
            self._loop.call_soon(self.go_on)
        else:
            self._press_back()

    @property
    def _next_may_begin(self) -> bool:
        return bool(self.waiting) and self.held is None and not self._room.is_full

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
        self.waiting.clear()
        if self._ends_with_client and self.held is not None:
            self.held.cancel()
