"""HTTP as values: a request as it came in, before anybody has believed a word of it, and an answer on its way out."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import force_setattr

REQUEST_ID = "x-amzn-RequestId"
XML = "text/xml"
JSON = "application/json"


class HttpRequest(Struct, frozen=True, kw_only=True):
    """The bytes that matter of one HTTP request.

    `path` and `query` are as sent, still percent-encoded; header names are lower-cased, values are as sent (latin-1)
    with outer white space removed, and a name may occur several times.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    peer: str
    """IP address of the client."""
    secure: bool
    """Whether it came over TLS."""
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
        """The first value of a header (name in lower case); None where it is absent."""
        return self.first.get(name)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in the order sent."""
        if not self.repeats:
            return (self.first[name],) if name in self.first else ()
        return tuple([value for key, value in self.headers if key == name])


class HttpResponse(Struct, frozen=True, kw_only=True):
    """Status, headers and body of one HTTP answer. Its length is told by the door that sends it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Name and value, in the order written; every value is printable ASCII."""
    body: bytes
