"""What answers requests: health checks and the AWS APIs. uvicorn tells it, as an ASGI application, to start and stop.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from carnet.base.http import HttpRequest
from carnet.directory.follower import Later
from carnet.server.app import AwsApi
from carnet.server.health import Health
from carnet.server.outbox import Answer, Outbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEALTH_PATH = "/healthz"


class Door:
    """Chooses who answers a request. Requests come from `HttpProtocol`, which sends the answers through `outbox`; the
    server's start and end come through ASGI.

    `on_start` is given the loop's `call_later`, for what is quick and comes again and again.
    """

    def __init__(
        self,
        api: AwsApi,
        health: Health,
        outbox: Outbox,
        *,
        on_start: Callable[[Later], None],
        on_stop: Callable[[], None],
    ) -> None:
        self.outbox = outbox
        self._api = api
        self._health = health
        self._on_start = on_start
        self._on_stop = on_stop

    def answer(self, request: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        """The answer, at once or, for what takes a while, to be awaited."""
        if request.path == HEALTH_PATH and request.method in ("GET", "HEAD"):
            return Answer(response=self._health.respond())
        return self._api.respond(request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            raise ValueError(f"{scope['type']} requests do not come through ASGI")
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._on_start(asyncio.get_running_loop().call_later)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self._on_stop)
                await send({"type": "lifespan.shutdown.complete"})
                return
