"""A connection to an upstream: one request at a time, and its answer, both streamed.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import asyncio
import select
import ssl
from asyncio import Future, Transport
from collections import deque
from typing import cast

from msgspec import Struct

from carnet.base.http import ByteStream
from carnet.gateway.upstreams.response_reader import BadResponse, ResponseReader, UpstreamHead

_MOST_HELD = 512 * 1024
"""Bytes of an answer that wait to be taken before the upstream is made to wait."""
_PIECE = 128
"""Bytes that a piece counts beside its own, which is what it takes of memory."""
_MOST_UNSENT = 512 * 1024
"""Bytes of a request that wait to be sent before its sender is made to wait."""
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR | select.POLLNVAL


class UpstreamFailed(Exception):
    """The upstream did not answer, or not as HTTP; `sent` says whether it may have acted on the request."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class Stale(Exception):
    """The connection had ended before the request, which nobody has acted on."""


class UpstreamRequest(Struct, frozen=True, kw_only=True):
    """A request as it is sent."""

    method: str
    target: str
    """Path and query, percent-encoded."""
    headers: tuple[tuple[str, str], ...]
    """Without those that say how long the body is."""
    body: bytes | ByteStream = b""
    length: int = 0
    """Bytes of a streamed body."""


class Patience(Struct, frozen=True, kw_only=True):
    """Timeouts of an upstream, in seconds."""

    queue: float = 10.0
    """Until one of its connections is free."""
    connect: float = 5.0
    answer: float = 60.0
    """From the last byte of the request to the head of the answer."""
    stall: float = 20.0
    """In which nothing of a body is sent or taken."""
    whole: float = 60.0
    """In which an answer comes that is taken whole, however steadily it comes."""
    idle: float = 20.0
    """For which a connection is kept that nobody uses."""


class Connection(asyncio.Protocol):
    """One connection to an upstream."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._transport: Transport | None = None
        self._reader: ResponseReader | None = None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._paused = False
        self._problem: str | None = None
        """Why nothing more comes."""
        self._answered = False
        """Whether a byte of the answer under way has come."""
        self._arrived: Future[None] | None = None
        """Is done when something has come that is waited for."""
        self._drained: Future[None] | None = None
        """Is done when more may be sent; None if it may now."""
        self._timer: asyncio.TimerHandle | None = None
        self._poll = select.poll()

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(Transport, transport)
        self._transport.set_write_buffer_limits(high=_MOST_UNSENT)
        self._poll.register(self._transport.get_extra_info("socket").fileno(), _READABLE)

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            self._fail("the upstream sent what nobody had asked for")
            return
        self._answered = True
        try:
            pieces = self._reader.feed(data)
        except BadResponse as problem:
            self._fail(str(problem))
            return
        self._pieces.extend(pieces)
        self._held += sum(map(_size, pieces))
        if self._held > _MOST_HELD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake(self._arrived)

    def eof_received(self) -> None:
        """The upstream sends no more. INVARIANT: over TLS only the end of TLS is the end of an answer.

        Anybody on the way can end a connection. https://www.rfc-editor.org/rfc/rfc9112#section-9.8
        """
        tls = None if self._transport is None else self._transport.get_extra_info("ssl_object")
        if self._reader is not None and not self._reader.ended and (tls is None or _has_ended(tls)):
            try:
                self._reader.end()
            except BadResponse as problem:
                self._problem = self._problem or str(problem)

    def connection_lost(self, exc: Exception | None) -> None:
        """INVARIANT: a connection that is lost tells no end of an answer, also where nothing else would tell it."""
        cut = self._reader is not None and not self._reader.ended
        told = (
            "the connection to the upstream broke" if exc is not None or cut else "the upstream closed the connection"
        )
        self._problem = self._problem or told
        self._transport = None
        self._wake(self._arrived)
        self._wake(self._drained)

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        self._wake(self._drained)
        self._drained = None

    # What its owner calls

    @property
    def patience(self) -> Patience:
        """The timeouts of its upstream."""
        return self._patience

    @property
    def is_whole(self) -> bool:
        """Whether another request may follow, as far as has been read."""
        if self._transport is None or self._transport.is_closing() or self._problem is not None:
            return False
        return self._reader is None or (self._reader.ended and self._reader.keep_alive and not self._pieces)

    @property
    def is_usable(self) -> bool:
        """Whether another request may be sent. A connection that the upstream has ended is readable to its end."""
        return self.is_whole and not self._poll.poll(0)

    def sleep(self, seconds: float) -> None:
        """Keep the connection for later use, and end it after so many seconds."""
        self._reader = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def wake(self) -> None:
        """Use a kept connection again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def abort(self) -> None:
        """End the connection at once, whatever is under way."""
        self.wake()
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, request: UpstreamRequest) -> UpstreamHead:
        """Send a request and wait for the head of its answer.

        An answer that comes before the request is sent ends the sending, and the connection behind it. Raises Stale,
        UpstreamFailed, and what a streamed body raises.
        """
        reader = self._reader = ResponseReader(request.method)
        self._answered = False
        sent_body = not isinstance(request.body, bytes) or request.body != b""
        try:
            await self._send(request)
            until = asyncio.get_running_loop().time() + self._patience.answer
            while reader.head is None and self._problem is None:
                await self._wait(until)
        except TimeoutError:
            raise UpstreamFailed("the upstream does not answer", sent=True) from None
        if reader.head is not None:
            return reader.head
        assert self._problem is not None, "either has come"
        if not self._answered and not sent_body:
            raise Stale(self._problem)
        raise UpstreamFailed(self._problem, sent=True)

    async def more(self) -> bytes | None:
        """The next piece of the answer's body, or None behind the last. Raises UpstreamFailed if it does not come."""
        reader = self._reader
        if reader is None:
            return None
        if not self._pieces and not reader.ended:
            await self._arrival(reader)
        if not self._pieces:
            if reader.ended:
                return None
            raise UpstreamFailed(self._problem or "", sent=True)
        piece = self._pieces.popleft()
        self._held -= _size(piece)
        if self._paused and self._held <= _MOST_HELD // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return piece

    async def _arrival(self, reader: ResponseReader) -> None:
        """Wait for a piece of the body, or the end of the answer."""
        until = asyncio.get_running_loop().time() + self._patience.stall
        try:
            while not self._pieces and not reader.ended and self._problem is None:
                await self._wait(until)
        except TimeoutError:
            self._problem = "the upstream has stopped in the middle of its answer"

    async def _send(self, request: UpstreamRequest) -> None:
        body = request.body
        if isinstance(body, bytes):
            self._write(_head_of(request, len(body)) + body)
            return
        self._write(_head_of(request, request.length))
        left = request.length
        async for piece in body:
            left -= len(piece)
            if left < 0:
                raise ValueError("the body is longer than was said")
            if self._has_answer():
                return
            self._write(piece)
            if self._drained is not None:
                await _wait_until(self._drained, asyncio.get_running_loop().time() + self._patience.stall)
        if left:
            raise ValueError("the body is shorter than was said")

    def _has_answer(self) -> bool:
        """Whether sending is no longer useful, as the answer is there."""
        early = self._reader is not None and self._reader.head is not None
        if early and self._reader is not None:
            self._reader.keep_alive = False
        return early or self._problem is not None

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def _wait(self, until: float) -> None:
        """Until something comes. Raises TimeoutError at that moment of the loop."""
        self._arrived = asyncio.get_running_loop().create_future()
        try:
            await _wait_until(self._arrived, until)
        finally:
            self._arrived = None

    def _fail(self, why: str) -> None:
        self._problem = why
        self.abort()

    @staticmethod
    def _wake(waiting: Future[None] | None) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


def _has_ended(tls: ssl.SSLObject) -> bool:
    """Whether the other side has said that it sends no more, and all that it sent was read."""
    try:
        return tls.read(1) == b""
    except ssl.SSLError:
        return False


def _size(piece: bytes) -> int:
    return len(piece) + _PIECE


async def _wait_until(waited_for: Future[None], until: float) -> None:
    """Wait for it. Raises TimeoutError at that moment of the loop.

    `asyncio.timeout` costs several times as much, and every request waits.
    """
    timer = asyncio.get_running_loop().call_at(until, _give_up, waited_for)
    try:
        await waited_for
    finally:
        timer.cancel()


def _give_up(waited_for: Future[None]) -> None:
    if not waited_for.done():
        waited_for.set_exception(TimeoutError())


def _head_of(request: UpstreamRequest, length: int) -> bytes:
    """The request line and the headers. INVARIANT: no value can end its line."""
    lines = [f"{request.method} {request.target} HTTP/1.1", *[f"{name}: {value}" for name, value in request.headers]]
    if length or request.method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {length}")
    text = "\r\n".join([*lines, "", ""])
    if text.count("\n") != len(lines) + 1 or text.count("\r") != len(lines) + 1 or " " in request.target:
        raise ValueError("a line break or a space where none can be")
    return text.encode("latin-1")
