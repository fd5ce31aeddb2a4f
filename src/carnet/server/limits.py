"""The limits of a frontend for each client: sizes in bytes, times in seconds."""

from __future__ import annotations

from msgspec import Struct

_KB, _MB, _GB = 1024, 1024**2, 1024**3


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of one frontend. A client that exceeds one gets an error, and its connection ends."""

    headers: int = 100
    """The number of headers."""
    line: int = 64 * _KB
    """The target of the request, or one header with its name."""
    head: int = 64 * _KB
    """Target, names and values together. A session token may take 8 KB of it, a presigned request most of it."""
    body: int = _MB
    """A body that is read whole before it is answered. The largest modelled input (a policy of 131,072 characters,
    percent-encoded) fits twice."""
    request: int = 8 * _MB
    """Everything that is read of a request before it is answered: the longest body in chunks of one byte."""
    streamed_body: int = 5 * _GB
    """A body that is read while it arrives: the longest that Amazon S3 takes in one request."""
    buffer: int = 256 * _KB
    """How much of a streamed body may have arrived without being read, before the client has to wait. One more read of
    the socket (256 KB) may come on top."""
    request_seconds: float = 20.0
    """How long a client may take to send a whole request whose body is not streamed, to send the head of any request,
    and to begin one after connecting."""
    stall_seconds: float = 20.0
    """How long a client may send nothing of a streamed body, or read nothing of a streamed answer."""
    idle_seconds: float = 75.0
    """How long a connection may be idle after an answer: AWS's SDKs keep one for 60 seconds."""
    linger_seconds: float = 2.0
    """How long a client that is refused may go on sending; what it sends is not read."""


class BodyBudget:
    """How much memory the requests that are still arriving, or wait for their turn, may take together, over all
    connections of this process.

    Their callers are not known before they have arrived whole. A request that arrives in one read and is answered at
    once takes nothing, so that clients with plain calls are served while others fill the budget. A part of it is
    reserved for connections on which a caller was proven before; of the others, the newest are refused first.
    """

    def __init__(self, most: int = 256 * _MB, *, for_proven: int = 64 * _MB) -> None:
        self.most = most
        self.for_proven = for_proven
        self.held = 0

    def take(self, count: int, *, proven: bool = False) -> bool:
        """Take so many more bytes; False if there is no room."""
        if count and self.held + count > self.most - (0 if proven else self.for_proven):
            return False
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        self.held -= count
