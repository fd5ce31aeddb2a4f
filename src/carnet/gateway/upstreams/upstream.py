"""The connections to one upstream: kept, used again, and given up for a new one when they have died."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Self
from urllib.parse import urlsplit

from carnet.gateway.upstreams.connection import Connection, Patience, Stale, UpstreamFailed, UpstreamRequest
from carnet.gateway.upstreams.response_reader import UpstreamHead
from carnet.gateway.upstreams.room import Room


class UpstreamResponse:
    """An answer: its head, and a `ByteStream` of its body. Whoever takes it calls `aclose` at the end."""

    def __init__(self, head: UpstreamHead, connection: Connection, release: Callable[[Connection], None]) -> None:
        self.status = head.status
        self.headers = head.headers
        self.length = head.length
        """Bytes of the body, if the head tells it."""
        self._connection = connection
        self._release = release
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes of the body. Raises UpstreamFailed if the rest does not come."""
        piece = await self._connection.more()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def whole(self, most: int, count: Callable[[int], bool] = lambda held: True) -> bytes:
        """The body, which is taken to its end.

        `count` is told how many bytes of it are held, and whether there is room for them. Raises UpstreamFailed if
        there is none, if it is longer than `most` bytes, and if it takes longer than an answer may.
        """
        body, loop = bytearray(), asyncio.get_running_loop()
        until = loop.time() + self._connection.patience.whole
        try:
            async for piece in self:
                body += piece
                if len(body) > most:
                    raise UpstreamFailed("the answer is too long", sent=True)
                if not count(len(body)):
                    raise UpstreamFailed("too much is being read for all callers together", sent=True)
                if loop.time() > until:
                    raise UpstreamFailed("the answer takes too long", sent=True)
        finally:
            await self.aclose()
        return bytes(body)

    async def aclose(self) -> None:
        """Give the connection back, if the answer was taken whole; else end it."""
        if not self._closed:
            self._closed = True
            self._release(self._connection)


class Upstream:
    """One address, and the connections to it."""

    def __init__(self, url: str, *, most: int = 128, patience: Patience | None = None) -> None:
        """`most` connections are open at a time, and half as many for one caller; who wants another waits for one.

        Raises ValueError if the URL is not one of HTTP, with or without TLS, or holds a password.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError(f"{url} is no address of an upstream")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._patience = patience or Patience()
        self._room = Room(most)
        self._idle: deque[Connection] = deque()

    async def exchange(self, request: UpstreamRequest, caller: str = "") -> UpstreamResponse:
        """Send a request, and wait for the head of its answer. `caller` is who `Room` counts it for.

        An idle connection may have died unseen. INVARIANT: a request is sent again only if no byte of an answer and
        nothing of a streamed body was on the way: the first try cannot have been acted on and lost, as far as HTTP
        tells. Raises UpstreamFailed, and what the body raises, after which the upstream has not had it whole.
        """
        try:
            await self._room.take(caller, self._patience.queue)
        except TimeoutError:
            raise UpstreamFailed("all connections to the upstream are in use", sent=False) from None
        try:
            return await self._exchange(request, caller)
        except BaseException:
            self._room.give_back(caller)
            raise

    async def _exchange(self, request: UpstreamRequest, caller: str) -> UpstreamResponse:
        while (connection := self._take_idle()) is not None:
            try:
                return await self._answer(connection, request, caller)
            except Stale:
                continue
        connection = await self._connect()
        try:
            return await self._answer(connection, request, caller)
        except Stale as stale:
            raise UpstreamFailed("the upstream closed the connection", sent=True) from stale

    async def _answer(self, connection: Connection, request: UpstreamRequest, caller: str) -> UpstreamResponse:
        try:
            head = await connection.exchange(request)
        except BaseException:
            connection.abort()
            raise
        return UpstreamResponse(head, connection, partial(self._release, caller))

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                connection.wake()
                return connection
            connection.abort()
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience.connect):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._patience), self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError) as problem:
            raise UpstreamFailed("the upstream cannot be reached", sent=False) from problem
        return connection

    def _release(self, caller: str, connection: Connection) -> None:
        self._room.give_back(caller)
        if connection.is_whole:
            connection.sleep(self._patience.idle)
            self._idle.append(connection)
        else:
            connection.abort()

    def close(self) -> None:
        """End the connections that nobody uses."""
        while self._idle:
            self._idle.pop().abort()
