"""From the bytes of a connection to requests, within limits on their size. httptools parses them.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import httptools

from carnet.base.http import HttpRequest

MAX_HEADERS = 100
MAX_HEADER_BLOCK_BYTES = 64 * 1024
"""Target, names and values together. A session token may take 8 KB of it, a presigned request most of it."""
MAX_BODY_BYTES = 1024 * 1024
"""The largest modelled input (a policy of 131,072 characters, percent-encoded) fits twice."""
MAX_REQUEST_BYTES = 8 * 1024 * 1024
"""All that is read of one request: the longest body in chunks of one byte."""

_CONTINUE = "100-continue"
_FRAMING = ("content-length", "transfer-encoding")


class RequestRefused(Exception):
    """What came is no request, or too much of one."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


Deliver = Callable[[HttpRequest, bool], None]
"""Takes a request that is there whole, and whether another may follow on the same connection."""


class RequestReader:
    """Reads the requests of one connection and hands each on as soon as its last byte is there."""

    def __init__(self, peer: str, *, secure: bool, deliver: Deliver, go_on: Callable[[], None]) -> None:
        """`go_on` is called when a client waits to be told that it may send the body."""
        self._peer = peer
        self._secure = secure
        self._deliver = deliver
        self._go_on = go_on
        self._parser = httptools.HttpRequestParser(self)
        # What follows a request that ends the connection is passed over, and does not spoil the answer to it.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.under_way = False
        """Whether a request has begun and is not there whole."""
        self._in_headers = False
        self._invited = False
        self._refusal: RequestRefused | None = None
        self._bytes = 0
        """How much was read of the request under way, up to the last call of `feed`."""
        self._many_bytes = False
        self._others_ended = False
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._parts: list[bytes] = []
        """The body, as it came."""
        self._body_bytes = 0
        self._chunked = False

    def feed(self, data: bytes) -> None:
        """Read on. Raises RequestRefused, after which there is no reading on."""
        self._many_bytes = self._bytes + len(data) > MAX_HEADER_BLOCK_BYTES
        self._others_ended = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # Nothing else is spoken here: the request was delivered as its connection's last.
        except httptools.HttpParserError:
            raise self._refusal or RequestRefused(HTTPStatus.BAD_REQUEST, "This is no HTTP request.") from None
        if self.under_way:
            # What came behind other requests is not counted: it is one read of a socket at the most.
            self._bytes += 0 if self._others_ended else len(data)
            if self._in_headers and self._bytes > MAX_HEADER_BLOCK_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are too long.")
            elif self._bytes > MAX_REQUEST_BYTES:
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long.")
            elif not self._in_headers and not self._invited:
                self._invite_body()
        if self._refusal is not None:
            raise self._refusal

    # What the parser calls

    def on_message_begin(self) -> None:
        self.under_way = self._in_headers = True
        self._invited = False
        self._bytes = 0
        self._target, self._headers, self._parts = b"", [], []
        self._body_bytes = 0
        self._chunked = False

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        # INVARIANT: fields behind a chunked body are no headers. The parser tells of both alike.
        if self._in_headers:
            # Only space and tab are white space around a value: `strip()` would also take what a signature covers.
            self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if len(self._headers) > MAX_HEADERS:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has too many headers.")
        elif self._many_bytes and self._header_block_bytes() > MAX_HEADER_BLOCK_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are too long.")
        elif self._parser.should_upgrade() and any(name in _FRAMING for name, _ in self._headers):
            # The parser would take the body for the other protocol's bytes, and the request for one without a body.
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "A request with a body cannot ask for another protocol.")

    def on_chunk_header(self) -> None:
        if self._chunked:
            return
        self._chunked = True
        # The parser takes `x, chunked` for chunked; what stands before this server may not.
        if any(name == "transfer-encoding" and value.lower() != "chunked" for name, value in self._headers):
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "The only transfer coding is chunked.")

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        elif self._refusal is None:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        self.under_way = False
        self._others_ended = True
        if self._refusal is None:
            path, query = self._path_and_query()
            parser, headers, parts = self._parser, self._headers, self._parts
            self._headers, self._parts = [], []  # an idle connection holds none
            faulty_framing = self._chunked and parser.get_http_version() == "1.0"
            request = HttpRequest(
                method=parser.get_method().decode("ascii"),
                path=path,
                query=query,
                headers=tuple(headers),
                body=parts[0] if len(parts) == 1 else b"".join(parts),
                peer=self._peer,
                secure=self._secure,
            )
            last = faulty_framing or not parser.should_keep_alive() or parser.should_upgrade()
            self._deliver(request, not last)

    def _path_and_query(self) -> tuple[str, str]:
        target = self._target
        if target.startswith(b"/") and b"#" not in target:
            path, _, query = target.decode("latin-1").partition("?")
            return path, query
        url = httptools.parse_url(target)  # the absolute form, which proxies are sent; raises for what is none
        return (url.path or b"/").decode("latin-1"), (url.query or b"").decode("latin-1")

    def _invite_body(self) -> None:
        """Once the headers are there and the body is not."""
        self._invited = True
        if any(name == "content-length" and int(value) > MAX_BODY_BYTES for name, value in self._headers):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        elif self._refusal is None and any(
            name == "expect" and value.lower() == _CONTINUE for name, value in self._headers
        ):
            self._go_on()

    def _header_block_bytes(self) -> int:
        return len(self._target) + sum(len(name) + len(value) for name, value in self._headers)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._refusal = self._refusal or RequestRefused(status, why)
