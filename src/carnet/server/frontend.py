"""A frontend: the application behind one listener, which answers its requests within its limits.

uvicorn tells it, as an ASGI application, to start and stop.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, Protocol

from carnet.base.http import ByteStream, HttpRequest, RequestHead
from carnet.directory.follower import Later
from carnet.server.fairness.shares import Shares
from carnet.server.limits import BodyBudget, Limits
from carnet.server.listening.connections import Connections
from carnet.server.outbox import Answer, Outbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Streaming(Protocol):
    """How a frontend answers requests whose bodies it reads while they arrive."""

    def takes(self, head: RequestHead) -> bool:
        """Whether it answers this request. Other requests are read whole first."""

    async def answer(self, head: RequestHead, body: ByteStream) -> Answer:
        """The answer.

        INVARIANT: it is finished even if the client goes away, so that a request on which an upstream may have acted is
        in the log. Reading `body` fails then.

        A client that asks whether to send the body (`Expect: 100-continue`) is told so when the body is first read: a
        request that is refused before costs neither side the body. If the body is not read to its end when the answer
        is complete, the connection ends. `body` raises RequestRefused if the body does not arrive.
        """


class Frontend(ABC):
    """Answers the requests of one listener. They come from `HttpProtocol`, which sends the answers through `outbox`;
    the server's start and end come through ASGI.
    """

    streaming: tuple[Streaming, ...] = ()
    """Asked in this order whether they read a request's body while it arrives. All other requests are read whole
    first."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        on_start: Callable[[Later], None],
        on_stop: Callable[[], None],
        limits: Limits | None = None,
        bodies: BodyBudget | None = None,
        shares: Shares | None = None,
        connections: Connections | None = None,
    ) -> None:
        """`on_start` gets the loop's `call_later`, for quick work that is repeated. The frontends of one process
        share a budget for `bodies`, `shares` of one event loop, and a limit of `connections`."""
        self.outbox = outbox
        self.limits = limits or Limits()
        self.bodies = bodies or BodyBudget()
        self.shares = shares or Shares()
        self.connections = connections if connections is not None else Connections()
        self.is_open = False
        """Whether it takes requests: from its start until the server begins to stop."""
        self._on_start = on_start
        self._on_stop = on_stop

    @abstractmethod
    def answer(self, request: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        """The answer to a request that has arrived whole: at once or, if it takes a while, to be awaited. An awaited
        answer is finished even if the client goes away."""

    def close(self) -> None:
        """From now on report that the frontend takes no more requests. Requests that come nevertheless are answered."""
        self.is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            raise ValueError(f"{scope['type']} requests do not come through ASGI")
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._on_start(asyncio.get_running_loop().call_later)
                self.is_open = True
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.close()
                await asyncio.get_running_loop().run_in_executor(None, self._on_stop)
                await send({"type": "lifespan.shutdown.complete"})
                return
