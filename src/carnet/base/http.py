"""HTTP as values: a request as it came in, before anybody has believed a word of it, and an answer on its way out.

A body is there whole, or it comes in pieces: as a `ByteStream`, which is read while it arrives or is sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import force_setattr

REQUEST_ID = "x-amzn-RequestId"
XML = "text/xml"
JSON = "application/json"
WITHOUT_BODY = (204, 304)
"""The statuses of answers that never have a body."""


class ByteStream(Protocol):
    """The pieces of a body, in their order; an asynchronous generator of bytes is one.

    Takers of a stream call `aclose` at the end, whether or not they began or finished to read it, and may call it
    again. (The `finally` of a generator that was never begun does not run then: what holds something from the start
    needs a class of its own.)
    """

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class RequestHead(Struct, frozen=True, kw_only=True):
    """What is there of an HTTP request before its body.

    `path` and `query` are as sent, still percent-encoded; header names are lower-cased, values are as sent (latin-1)
    with outer white space removed, and a name may occur several times.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    peer: str
    """IP address of the client."""
    secure: bool
    """Whether it came over TLS."""
    version: str = "1.1"
    """Of HTTP: `1.0` or `1.1`."""
    tls: str = ""
    """The version of TLS that it came over, such as `1.3`; empty if that is not known, or there is none."""
    first: Mapping[str, str] = field(default_factory=dict)
    """The first value of each header, by name."""
    repeats: bool = False
    """Whether any header name occurs more than once."""

    def __post_init__(self) -> None:
        # INVARIANT: both follow from `headers`, whatever they were given as.
        first = dict(self.headers)
        repeats = len(first) != len(self.headers)
        force_setattr(self, "first", dict(reversed(self.headers)) if repeats else first)
        force_setattr(self, "repeats", repeats)

    def header(self, name: str) -> str | None:
        """The first value of a header (name in lower case); None if it is absent."""
        return self.first.get(name)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in the order sent."""
        if not self.repeats:
            return (self.first[name],) if name in self.first else ()
        return tuple([value for key, value in self.headers if key == name])


class HttpRequest(RequestHead, frozen=True, kw_only=True):
    """An HTTP request that is there whole."""

    body: bytes


class ResponseHead(Struct, frozen=True, kw_only=True):
    """What is sent of an HTTP answer before its body. How long the body is, is told by the server that sends it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Name and value, in the order written; every value is printable ASCII."""


class HttpResponse(ResponseHead, frozen=True, kw_only=True):
    """An answer that is there whole."""

    body: bytes


class StreamedResponse(ResponseHead, frozen=True, kw_only=True):
    """An answer whose body is read while it is sent."""

    body: ByteStream
    length: int | None = None
    """How many bytes the body has, if that is known; it is sent in chunks if it is not."""
