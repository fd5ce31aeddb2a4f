"""The body of a request, read by a frontend while it arrives."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable
from typing import Final, Self

_LONG: Final = 4 * 1024
"""Bytes of a part that is handed on as it is. Shorter ones are put together: each costs an object."""


class BodyStream:
    """A `ByteStream` that a connection fills.

    It presses back: a client is not read from before the frontend asks for the body, nor while `most` bytes wait here.
    """

    def __init__(self, *, most: int, expected: bool, wait: Callable[[BodyStream, bool], None]) -> None:
        """`wait` is told when the frontend begins (True) and ends to wait for more, and that there is room.

        `expected` says that the client waits to be told (`Expect: 100-continue`) that it may send the body.
        """
        self.expected = expected
        self.ended = False
        """Whether the last byte has arrived."""
        self._most = most
        self._wait = wait
        self._pieces: deque[bytes | bytearray] = deque()
        self._held = 0
        self._begun = False
        self._closed = False
        self._failure: Exception | None = None
        self._waiter: Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether no more should be read of the connection."""
        return not (self.ended or self._closed) and (not self._begun or self._held >= self._most)

    @property
    def held(self) -> int:
        """How many bytes have arrived that the frontend has not taken."""
        return self._held

    def put(self, part: bytes) -> None:
        """More of the body has arrived."""
        if self._closed:
            return
        self._held += len(part)
        if len(part) >= _LONG:
            self._pieces.append(part)
        elif self._pieces and isinstance(self._pieces[-1], bytearray):
            self._pieces[-1] += part
        else:
            self._pieces.append(bytearray(part))
        self._wake()

    def end(self) -> None:
        """All of the body has arrived."""
        self.ended = True
        self._wake()

    def fail(self, why: Exception) -> None:
        """The rest will not arrive: the frontend is told `why` behind what has."""
        if not self.ended:
            self._failure = self._failure or why
            self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """What has arrived, at least one byte. Raises RequestRefused if the body did not arrive as it should."""
        while not self._pieces:
            if self._closed or self.ended:
                raise StopAsyncIteration
            if self._failure is not None:
                raise self._failure
            await self._more()
        piece = bytes(self._pieces.popleft())  # which copies no `bytes`
        self._held -= len(piece)
        self._wait(self, False)
        return piece

    async def aclose(self) -> None:
        """Take no more; what comes is passed over."""
        self.close()

    def close(self) -> None:
        self._closed = True
        self._pieces.clear()
        self._held = 0
        self._wake()

    async def _more(self) -> None:
        self._begun = True
        self._waiter = asyncio.get_running_loop().create_future()
        self._wait(self, True)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._wait(self, False)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
