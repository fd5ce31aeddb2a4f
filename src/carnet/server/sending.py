"""Answers as bytes: heads, and bodies that are sent while they are read.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from http import HTTPStatus

from carnet.base.http import HttpResponse, RequestHead, StreamedResponse

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_CLOSE = "connection: close\r\n"
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class WrongLength(Exception):
    """A streamed body was longer or shorter than its answer's head had said."""


def head(
    response: HttpResponse | StreamedResponse,
    default_headers: Iterable[tuple[bytes, bytes]],
    *,
    framing: str,
    last: bool,
) -> bytes:
    """The status line and the headers; `last` says that the connection ends with this answer.

    Raises ValueError where a header has a line break.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in response.headers])
    if lines.count("\n") != len(response.headers) or lines.count("\r") != len(response.headers):
        raise ValueError("a line break in a header")
    return (
        f"{_STATUS_LINES[response.status]}{_default_lines(tuple(default_headers))}{lines}"
        f"{framing}{_CLOSE if last else ''}\r\n"
    ).encode("ascii")


@lru_cache(1)
def _default_lines(headers: tuple[tuple[bytes, bytes], ...]) -> str:
    """The date, which changes once a second."""
    return "".join([f"{name.decode('ascii')}: {value.decode('ascii')}\r\n" for name, value in headers])


def whole(
    request: RequestHead | None,
    response: HttpResponse,
    default_headers: Iterable[tuple[bytes, bytes]],
    *,
    last: bool,
) -> bytes:
    """The bytes of an answer that is there whole; `request` is None where nobody could read which one it was."""
    framing = f"content-length: {len(response.body)}\r\n"
    beginning = head(response, default_headers, framing=framing, last=last)
    return beginning if request is not None and request.method == "HEAD" else beginning + response.body


class Framing:
    """How the end of a streamed body is told: by its length, by chunks, or, to HTTP/1.0, by that of the connection."""

    def __init__(self, request: RequestHead, response: StreamedResponse) -> None:
        self.has_body = request.method != "HEAD" and response.status not in _WITHOUT_BODY
        self.chunked = response.length is None and request.version != "1.0" and response.status not in _WITHOUT_BODY
        self.by_end = self.has_body and response.length is None and not self.chunked
        """Whether the connection has to end with this answer."""
        if response.length is not None:
            self.line = f"content-length: {response.length}\r\n"
        else:
            self.line = "transfer-encoding: chunked\r\n" if self.chunked else ""


async def send_body(
    response: StreamedResponse, framing: Framing, write: Callable[[bytes], None], room: Callable[[], Awaitable[None]]
) -> None:
    """Write what the door gives, and after each piece wait until there is `room` for more.

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
