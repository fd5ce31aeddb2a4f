"""From the bytes of an upstream's connection to an answer: its head, and the pieces of its body.

https://www.rfc-editor.org/rfc/rfc9112#section-6
"""

from __future__ import annotations

import re
from http import HTTPStatus

import httptools
from msgspec import Struct

from carnet.base.http import WITHOUT_BODY

_LONGEST_HEAD = 64 * 1024
_MOST_HEADERS = 200
_MOST_BEFORE = 32
"""Answers before the answer (1xx) that an upstream may send."""
_END = b"\r\n\r\n"
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_STATUSES = range(100, 600)


class BadResponse(Exception):
    """The bytes are no HTTP answer, or one whose end is not certain."""


class UpstreamHead(Struct, frozen=True, kw_only=True):
    """The part of an answer before its body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; values as sent (latin-1), without outer white space."""
    length: int | None
    """Bytes of the body; None if only its end tells."""


class ResponseReader:
    """Reads one answer.

    The bytes of a body of known length are counted and handed on; only heads and bodies in chunks are parsed.
    """

    def __init__(self, method: str) -> None:
        self.head: UpstreamHead | None = None
        self.ended = False
        self.keep_alive = False
        """Whether another request may follow on the connection, once the answer has ended."""
        self._to_head = method == "HEAD"
        self._held = b""
        self._before = 0
        self._left: int | None = None
        """Bytes of the body that are still to come; None if its end tells."""
        self._chunks: _Chunks | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body that are in `data`. Raises BadResponse."""
        if self.head is None:
            rest = self._read_head(self._held + data)
            if rest is None:
                return []
            data = rest
        if self.ended:
            if data:
                raise BadResponse("more came than the answer")
            return []
        return self._read_body(data) if data else []

    def end(self) -> None:
        """The connection has ended. Raises BadResponse unless that is the end of the answer."""
        if self.head is None or self._left is not None or self._chunks is not None:
            raise BadResponse("the answer is cut")
        self.ended = True

    def _read_head(self, data: bytes) -> bytes | None:
        """What follows the head; None if that is not there whole. Answers before the answer (1xx) are passed over."""
        while True:
            end = data.find(_END, 0, _LONGEST_HEAD)
            if end < 0:
                if len(data) >= _LONGEST_HEAD:
                    raise BadResponse("the head is too long")
                self._held = data
                return None
            head, data = data[: end + len(_END)], data[end + len(_END) :]
            parsed = _ParsedHead(head)
            if parsed.status >= HTTPStatus.OK:
                self._held = b""
                self._frame(parsed, head)
                return data
            if parsed.status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise BadResponse("nobody has asked for another protocol")
            self._before += 1
            if self._before > _MOST_BEFORE:
                raise BadResponse("the answer does not come, and others before it do")

    def _frame(self, parsed: _ParsedHead, head: bytes) -> None:
        """Determine how the body ends."""
        codings = [value.lower() for name, value in parsed.headers if name == "transfer-encoding"]
        lengths = {value for name, value in parsed.headers if name == "content-length"}
        if codings and (lengths or codings != ["chunked"]):
            raise BadResponse("the end of the body is told in two ways, or in none that is known")
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
            raise BadResponse("the length of the body is told in two ways, or is none")
        length = int(next(iter(lengths))) if lengths else None
        bodiless = self._to_head or parsed.status in WITHOUT_BODY
        self.head = UpstreamHead(status=parsed.status, headers=tuple(parsed.headers), length=length)
        self.keep_alive = parsed.keep_alive and (bodiless or bool(codings) or length is not None)
        if bodiless or length == 0:
            self.ended = True
        elif codings:
            self._chunks = _Chunks(head)
        else:
            self._left = length

    def _read_body(self, data: bytes) -> list[bytes]:
        if self._chunks is not None:
            pieces = self._chunks.feed(data)
            self.ended = self._chunks.ended
            return pieces
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise BadResponse("more came than the answer")
            self.ended = not self._left
        return [data]


class _ParsedHead:
    def __init__(self, head: bytes) -> None:
        self.headers: list[tuple[str, str]] = []
        parser = httptools.HttpResponseParser(self)
        try:
            parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError:
            raise BadResponse("this is no HTTP answer") from None
        self.status = parser.get_status_code()
        if self.status not in _STATUSES:
            raise BadResponse("the status is none of HTTP")
        closes = "close" in ",".join([value for name, value in self.headers if name == "connection"]).lower()
        self.keep_alive = parser.get_http_version() == "1.1" and not closes
        if len(self.headers) > _MOST_HEADERS:
            raise BadResponse("the answer has too many headers")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")))


class _Chunks:
    """A body in chunks; what stands behind it is passed over.

    What has come at once is one piece: chunks of a byte would take a hundred times the memory of what is in them.
    """

    def __init__(self, head: bytes) -> None:
        self.ended = False
        self._pieces: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(head)

    def feed(self, data: bytes) -> list[bytes]:
        if self.ended:
            raise BadResponse("more came than the answer")
        self._pieces = []
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            raise BadResponse("the body is not in chunks") from None
        return [b"".join(self._pieces)] if self._pieces else []

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_begin(self) -> None:
        if self.ended:
            raise BadResponse("more came than the answer")

    def on_message_complete(self) -> None:
        self.ended = True
