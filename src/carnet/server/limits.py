"""What a door lets a client take: sizes in bytes, times in seconds."""

from __future__ import annotations

from msgspec import Struct

_KB, _MB, _GB = 1024, 1024**2, 1024**3


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of one door. A client that passes one is told so, and its connection ends."""

    headers: int = 100
    """How many there may be."""
    line: int = 64 * _KB
    """The target of the request, or one header with its name."""
    head: int = 64 * _KB
    """Target, names and values together. A session token may take 8 KB of it, a presigned request most of it."""
    body: int = _MB
    """A body that is waited for whole. The largest modelled input (a policy of 131,072 characters, percent-encoded)
    fits twice."""
    request: int = 8 * _MB
    """All that is read of a request that is waited for whole: the longest body in chunks of one byte."""
    streamed_body: int = 5 * _GB
    """A body that is read while it arrives: the longest that Amazon S3 takes in one request."""
    buffer: int = 256 * _KB
    """What has arrived of a streamed body and is not read yet, before the client is made to wait. One more read of the
    socket (256 KB) may come on top."""
    request_seconds: float = 20.0
    """How long a client may take to send a request that is waited for whole, and any request's head, or after
    connecting to begin one."""
    stall_seconds: float = 20.0
    """How long a client may send nothing of a streamed body that is waited for, or leave a streamed answer lie."""
    idle_seconds: float = 75.0
    """How long a client may send nothing after an answer: AWS's SDKs keep a connection for 60 seconds."""
    linger_seconds: float = 2.0
    """How long a client that is refused may go on sending what nobody reads."""


class BodyBudget:
    """How much the requests that are still arriving, or wait for their turn, may take together, over all connections
    of this process.

    Nobody is known to have sent them before they are there whole. A request that comes in one read and is answered at
    once costs nothing, so that clients with plain calls are served while others fill the budget. A part of it is for
    connections on which a caller was proven before: the newest of the others are refused first.
    """

    def __init__(self, most: int = 256 * _MB, *, for_proven: int = 64 * _MB) -> None:
        self.most = most
        self.for_proven = for_proven
        self.held = 0

    def take(self, count: int, *, proven: bool = False) -> bool:
        """Whether there was room for so many bytes more."""
        if count and self.held + count > self.most - (0 if proven else self.for_proven):
            return False
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        self.held -= count
