"""From the bytes of a connection to requests, within limits on their size. httptools parses them.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple, Protocol

import httptools
from msgspec import Struct

from carnet.base.http import HttpRequest, RequestHead
from carnet.server.http.body_stream import BodyStream
from carnet.server.http.request_line import path_and_query
from carnet.server.http.request_refused import RequestRefused, too_many
from carnet.server.limits import BodyBudget, Limits

_CONTINUE = "100-continue"
_USUAL_LENGTH = 64
"""The longest name of a header that is remembered."""
_REMEMBERED_NAMES = 1024
_FRAMING = ("content-length", "transfer-encoding")


class _Names(dict[bytes, str]):
    """The names of headers, in lower case, by how they are sent: clients have the same ones in every request."""

    def __missing__(self, sent: bytes) -> str:
        name = sent.decode("latin-1").lower()
        if len(self) < _REMEMBERED_NAMES and len(sent) <= _USUAL_LENGTH:
            self[sent] = name
        return name


_NAMES = _Names()


class Receiver(Protocol):
    """Who takes the requests of a connection: its protocol."""

    def begun(self, head: RequestHead, *, expected: bool) -> BodyStream | None:
        """A head is there. The stream that the body goes to, or None for a request that is waited for whole.

        `expected` says that the client waits to be told that it may send the body.
        """

    def ended(self, *, keep_alive: bool) -> None:
        """The body that went to a stream is there; `keep_alive` says whether another request may follow."""

    def arrived(self, request: HttpRequest, *, keep_alive: bool) -> None:
        """A request is there whole."""

    def go_on(self) -> None:
        """The client of a request that is waited for whole waits to be told that it may send the body."""


class Client(NamedTuple):
    """Who is at the other end of a connection."""

    address: str
    """Its IP address; empty if it is not known."""
    secure: bool = False
    """Whether it speaks TLS."""
    tls: str = ""
    """The version of TLS, such as `1.3`; empty if it is not known, or there is none."""


class _Streamed(Struct):
    """A body that goes to a stream while it arrives."""

    stream: BodyStream
    announced: int
    """How many bytes it has, if its head tells it."""
    arrived: int = 0
    other_bytes: int = 0
    """What was read since its last byte that arrived: of chunks, what frames them."""


class RequestReader:
    """Reads the requests of one connection and hands each on as soon as its last byte is there."""

    def __init__(
        self,
        client: Client,
        *,
        receiver: Receiver,
        streams: bool,
        limits: Limits,
        bodies: BodyBudget,
    ) -> None:
        """`streams` says whether the receiver wants any body as a stream, so whether it is to be asked."""
        self._client = client
        self._receiver = receiver
        self._streams = streams
        self._limits = limits
        self._bodies = bodies
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
        self._shortest_limit = min(limits.line, limits.head)
        self._many_bytes = False
        self._others_ended = False
        self._target = b""
        self._path = self._query = ""
        self._headers: list[tuple[str, str]] = []
        self._body: bytes | bytearray = b""
        """What has come of a body that is waited for whole: in one piece, however many it came in."""
        self._charged = 0
        """How much of the budget of bodies it takes."""
        self.proven = False
        """Whether a caller was proven on this connection."""
        self._streamed: _Streamed | None = None
        self._chunked = False

    def feed(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Read on; `more` says that the rest of what came is read next. Raises RequestRefused, after which there is no
        reading on."""
        self._many_bytes = self._bytes + len(data) > self._shortest_limit
        self._others_ended = False
        if self._streamed is not None:
            self._streamed.other_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # Nothing else is spoken here: the request was delivered as its connection's last.
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "This is no HTTP request.")
        if self.under_way and self._refusal is None:
            # What came behind other requests is not counted: it is one read of a socket at the most.
            self._bytes += 0 if self._others_ended else len(data)
            if self._in_headers and self._bytes > self._limits.head:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are too long.")
            elif self._streamed is not None:
                if self._streamed.other_bytes > self._limits.head:
                    self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "What follows the request body is too long.")
            elif self._bytes > self._limits.request:
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long.")
            elif not self._in_headers and not self._invited:
                self._invite_body()
        if (self._charged or self.under_way) and not more:
            self._charge()
        if self._refusal is not None:
            self.cut(self._refusal)
            raise self._refusal

    @property
    def stream(self) -> BodyStream | None:
        """Where the body of the request under way goes, if it is not waited for whole."""
        return self._streamed.stream if self._streamed is not None else None

    @property
    def body_to_come(self) -> int:
        """Bytes of a streamed body that are not read yet, if it is known how many."""
        return max(0, self._streamed.announced - self._streamed.arrived) if self._streamed is not None else 0

    def cut(self, why: RequestRefused) -> None:
        """Nothing more comes: forget what is there of the request under way, and tell `why` to who reads its body."""
        self._bodies.give_back(self._charged)
        self._charged, self._body = 0, b""
        if self._streamed is not None:
            self._streamed.stream.fail(why)

    def _charge(self) -> None:
        due = len(self._body) + self._head_size() if self.under_way else 0
        if due <= self._charged:
            self._bodies.give_back(self._charged - due)
        elif not self._bodies.take(due - self._charged, proven=self.proven):
            self._refusal = self._refusal or too_many()
            return
        self._charged = due

    def _head_size(self) -> int:
        if self._in_headers:
            return self._bytes
        return len(self._target) + sum([len(name) + len(value) for name, value in self._headers])

    # What the parser calls

    def on_message_begin(self) -> None:
        self.under_way = self._in_headers = True
        self._invited = False
        self._bytes = 0
        self._target, self._headers, self._body = b"", [], b""
        self._chunked = False

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        # INVARIANT: fields behind a chunked body are no headers. The parser tells of both alike.
        if self._in_headers:
            # Only space and tab are white space around a value: `strip()` would also take what a signature covers.
            self._headers.append((_NAMES[name], value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if len(self._headers) > self._limits.headers:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has too many headers.")
        elif self._many_bytes and self._has_long_head():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are too long.")
        elif self._parser.should_upgrade() and any(name in _FRAMING for name, _ in self._headers):
            # The parser would take the body for the other protocol's bytes, and the request for one without a body.
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "A request with a body cannot ask for another protocol.")
        else:
            self._read_head()

    def _read_head(self) -> None:
        try:
            version = self._parser.get_http_version()
            self._path, self._query = path_and_query(self._target, version, self._headers)
        except RequestRefused as refused:
            self._refusal = self._refusal or refused
            return
        if self._streams:
            self._begin_stream()

    def on_chunk_header(self) -> None:
        if self._chunked:
            return
        self._chunked = True
        self._refuse_codings([value for name, value in self._headers if name == "transfer-encoding"])

    def _refuse_codings(self, given: Sequence[str]) -> None:
        # The parser takes `x, chunked` for chunked; what stands before this server may not.
        if any(value.lower() != "chunked" for value in given):
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "The only transfer coding is chunked.")

    def on_body(self, part: bytes) -> None:
        if self._refusal is not None:
            return
        if self._streamed is not None:
            self._stream_on(self._streamed, part)
        elif len(self._body) + len(part) > self._limits.body:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        elif not self._body:
            self._body = part
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += part

    def on_message_complete(self) -> None:
        self.under_way = False
        self._others_ended = True
        if self._refusal is not None:
            return
        parser = self._parser
        version = parser.get_http_version()
        # Of HTTP/1.0 no connection is kept: a client that asks for it would wait for a header that says so.
        keep_alive = version != "1.0" and parser.should_keep_alive() and not parser.should_upgrade()
        if self._streamed is not None:
            streamed, self._streamed = self._streamed, None
            streamed.stream.end()
            self._receiver.ended(keep_alive=keep_alive)
            return
        headers, body = self._headers, self._body
        self._headers, self._body = [], b""  # an idle connection holds none
        request = HttpRequest(
            method=parser.get_method().decode("ascii"),
            path=self._path,
            query=self._query,
            headers=tuple(headers),
            body=bytes(body),
            peer=self._client.address,
            secure=self._client.secure,
            tls=self._client.tls,
            version=version,
        )
        self._receiver.arrived(request, keep_alive=keep_alive)

    def _begin_stream(self) -> None:
        """Ask the receiver whether it wants the body as a stream."""
        head = RequestHead(
            method=self._parser.get_method().decode("ascii"),
            path=self._path,
            query=self._query,
            headers=tuple(self._headers),
            peer=self._client.address,
            secure=self._client.secure,
            tls=self._client.tls,
            version=self._parser.get_http_version(),
        )
        self._refuse_codings(head.header_all("transfer-encoding"))
        if any(int(value) > self._limits.streamed_body for value in head.header_all("content-length")):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        if self._refusal is not None:
            return
        expected = any(value.lower() == _CONTINUE for value in head.header_all("expect"))
        stream = self._receiver.begun(head, expected=expected)
        if stream is not None:
            self._headers = []
            self._streamed = _Streamed(stream, int(head.first.get("content-length", 0)))

    def _stream_on(self, streamed: _Streamed, part: bytes) -> None:
        streamed.other_bytes = 0
        streamed.arrived += len(part)
        if streamed.arrived > self._limits.streamed_body:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        else:
            streamed.stream.put(part)

    def _invite_body(self) -> None:
        """Once the headers are there and the body is not."""
        self._invited = True
        if self._announces_more_than(self._limits.body):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        elif self._refusal is None and self._expects_invitation():
            self._receiver.go_on()

    def _announces_more_than(self, limit: int) -> bool:
        return any(name == "content-length" and int(value) > limit for name, value in self._headers)

    def _expects_invitation(self) -> bool:
        return any(name == "expect" and value.lower() == _CONTINUE for name, value in self._headers)

    def _has_long_head(self) -> bool:
        lines = [len(self._target), *(len(name) + len(value) for name, value in self._headers)]
        return sum(lines) > self._limits.head or max(lines) > self._limits.line

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._refusal = self._refusal or RequestRefused(status, why)
