"""From ASGI to `HttpRequest` and back, within limits that no client can exceed.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from carnet.access.http_request import HttpRequest
from carnet.protocols.http_response import HttpResponse
from carnet.server.app import AwsApi
from carnet.server.health import Health

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 1024 * 1024
"""The largest modelled input (a policy of 131,072 characters, percent-encoded) fits twice."""
HEALTH_PATH = "/healthz"


class BodyRefused(Exception):
    """The body is too long, or the client went away."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = HttpResponse(
            status=status, headers=(("content-type", "text/plain"), ("connection", "close")), body=message.encode()
        )


class AsgiDoor:
    """The ASGI application."""

    def __init__(
        self, api: AwsApi, health: Health, *, on_start: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        self._api = api
        self._health = health
        self._on_start = on_start
        self._on_stop = on_stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await _send(await self._answer(scope, receive), send)

    async def _answer(self, scope: Scope, receive: Receive) -> HttpResponse:
        if scope["path"] == HEALTH_PATH and scope["method"] in ("GET", "HEAD"):
            return self._health.respond()
        try:
            body = await _body(receive)
        except BodyRefused as refused:
            return refused.response
        return await self._api.respond(_request(scope, body))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._on_start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self._on_stop)
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyRefused(400, "The client went away.\n")
        chunk: bytes = message.get("body", b"")
        length += len(chunk)
        if length > MAX_BODY_BYTES:
            raise BodyRefused(413, "The request body is too long.\n")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _request(scope: Scope, body: bytes) -> HttpRequest:
    client = scope.get("client")
    # Only space and tab are white space around a value: `strip()` would also take bytes that a signature covers.
    headers = [(name.decode("latin-1"), value.decode("latin-1").strip(" \t")) for name, value in scope["headers"]]
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(headers),
        body=body,
        peer=client[0] if client is not None else "",
        secure=scope["scheme"] == "https",
    )


async def _send(response: HttpResponse, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
