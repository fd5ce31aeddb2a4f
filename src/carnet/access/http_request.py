"""A request as it came through a door, before anybody has believed a word of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
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

    def header(self, name: str) -> str | None:
        """The first value of a header (name in lower case); None where it is absent."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in the order sent."""
        return tuple(value for key, value in self.headers if key == name)
