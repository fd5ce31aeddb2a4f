"""Answers whose bodies are sent while they are read: how their end is told, and how fast they may go.

https://www.rfc-editor.org/rfc/rfc9112#section-6
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from asyncio import Future, Transport
from collections.abc import Awaitable, Callable
from contextlib import suppress

from carnet.base.http import WITHOUT_BODY, RequestHead, StreamedResponse
from carnet.server.http.patience import Patience
from carnet.server.http.request_refused import RequestRefused

_LOG = logging.getLogger(__name__)
_RESET = struct.pack("ii", 1, 0)


class WrongLength(Exception):
    """A streamed body was longer or shorter than its answer's head had said."""


class Room:
    """How much a client still takes of what is sent to it; one sender at a time waits for more."""

    def __init__(self, transport: Transport, patience: Patience, stall_seconds: float) -> None:
        self._transport = transport
        self._patience = patience
        self._stall_seconds = stall_seconds
        self._emptied: Future[None] | None = None
        self.is_full = False
        """Whether nothing more should be sent for now."""

    @property
    def is_awaited(self) -> bool:
        """Whether a sender waits."""
        return self._emptied is not None

    def empty(self) -> None:
        """The client has taken enough."""
        self.is_full = False
        if self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    async def wait(self) -> None:
        """Go on when there is room. Raises ConnectionResetError if the client has gone."""
        if self._transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if not self.is_full:
            return
        self._emptied = asyncio.get_running_loop().create_future()
        self._patience.wait(self._stall_seconds)
        try:
            await self._emptied
        finally:
            self._emptied = None
            self._patience.forget()


class Framing:
    """How the end of a streamed body is told: by its length, by chunks, or, to HTTP/1.0, by that of the connection."""

    def __init__(self, request: RequestHead, response: StreamedResponse) -> None:
        self.has_body = request.method != "HEAD" and response.status not in WITHOUT_BODY
        self.chunked = response.length is None and request.version != "1.0" and response.status not in WITHOUT_BODY
        self.by_end = self.has_body and response.length is None and not self.chunked
        """Whether the connection has to end with this answer."""
        if response.length is not None:
            self.line = f"content-length: {response.length}\r\n"
        else:
            self.line = "transfer-encoding: chunked\r\n" if self.chunked else ""


async def _send_body(
    response: StreamedResponse, framing: Framing, write: Callable[[bytes], None], room: Callable[[], Awaitable[None]]
) -> None:
    """Write what the frontend gives, and after each piece wait until there is `room` for more.

    Raises WrongLength before a byte too many is written, and behind too few. What the body raises goes on.
    """
    left = response.length
    async for piece in response.body:
        if left is not None:
            left -= len(piece)
            if left < 0:
                raise WrongLength("the body is longer than was said")
        if framing.chunked:
            if piece:  # an empty chunk would be the last one
                write(b"%x\r\n%b\r\n" % (len(piece), piece))
        else:
            write(piece)
        await room()
    if left:
        raise WrongLength("the body is shorter than was said")
    if framing.chunked:
        write(b"0\r\n\r\n")


async def send_streamed(response: StreamedResponse, framing: Framing, transport: Transport, room: Room) -> bool:
    """Send a body, and close it; whether all of it was sent. If it was not, the connection is gone."""
    try:
        await _send_body(response, framing, transport.write, room.wait)
    except RequestRefused:
        _reset(transport)
        return False
    except Exception:
        _LOG.exception("a streamed answer failed")
        _reset(transport)
        return False
    finally:
        await response.body.aclose()
    return True


def _reset(transport: Transport) -> None:
    """End in the middle of an answer. INVARIANT: the client does not take what it has for the whole of it, even if
    only the connection's end tells it how long that is."""
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
