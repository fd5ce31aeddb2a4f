"""What has come of one connection and is not parsed yet, because the requests before it wait for their turn."""

from __future__ import annotations

from carnet.server.limits import BodyBudget

_PIECE = 16 * 1024
"""How much is parsed before it is asked whether to go on: some hundred requests, if each is as short as it can be."""


class Unread:
    """Bytes, in their order. What is kept of them takes its part of the budget."""

    __slots__ = ("_bodies", "_charged", "rest")

    def __init__(self, bodies: BodyBudget) -> None:
        self._bodies = bodies
        self.rest = memoryview(b"")
        """All of them. Every request asks more than once whether there are any."""
        self._charged = 0

    def put(self, data: bytes) -> None:
        """More has come."""
        self.rest = memoryview(data) if not self.rest else memoryview(bytes(self.rest) + data)

    def piece(self, of_body: int) -> memoryview:
        """The next piece, which is read then; `of_body` bytes are no requests, and need not be cut."""
        size = max(_PIECE, of_body)
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece

    def keep(self, *, proven: bool) -> bool:
        """Keep the rest for later; whether there is room for it. `proven`: a caller was proven on this connection."""
        if not (self.rest or self._charged):
            return True
        self._bodies.give_back(self._charged)
        self._charged = 0
        if not self._bodies.take(len(self.rest), proven=proven):
            self.rest = memoryview(b"")
            return False
        self._charged = len(self.rest)
        return True

    def drop(self) -> None:
        """Nobody is to read the rest."""
        self.rest = memoryview(b"")
        self._bodies.give_back(self._charged)
        self._charged = 0
