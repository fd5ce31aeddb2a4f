"""What has come of one connection and is not parsed yet, because the requests before it wait for their turn."""

from __future__ import annotations

from carnet.server.limits import BodyBudget

_PIECE = 16 * 1024
"""How much is parsed before it is asked whether to go on: some hundred requests, if each is as short as it can be."""


class Unread:
    """Bytes, in their order. What is kept of them takes its part of the budget."""

    __slots__ = ("_bodies", "_charged", "_rest")

    def __init__(self, bodies: BodyBudget) -> None:
        self._bodies = bodies
        self._rest = memoryview(b"")
        self._charged = 0

    def __len__(self) -> int:
        return len(self._rest)

    def put(self, data: bytes) -> None:
        """More has come."""
        self._rest = memoryview(data) if not self._rest else memoryview(bytes(self._rest) + data)

    def piece(self, of_body: int) -> memoryview:
        """The next piece, which is read then; `of_body` bytes are no requests, and need not be cut."""
        size = max(_PIECE, of_body)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def keep(self, *, proven: bool) -> bool:
        """Keep the rest for later; whether there is room for it. `proven`: a caller was proven on this connection."""
        self._bodies.give_back(self._charged)
        self._charged = 0
        if not self._bodies.take(len(self._rest), proven=proven):
            self._rest = memoryview(b"")
            return False
        self._charged = len(self._rest)
        return True

    def drop(self) -> None:
        """Nobody is to read the rest."""
        self._rest = memoryview(b"")
        self._bodies.give_back(self._charged)
        self._charged = 0
