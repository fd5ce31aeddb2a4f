"""A bounded memory that keeps what was used of late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Key to value in two generations, together no heavier than twice `room`.

    What is put in or asked for belongs to the young one. When that is full it becomes the old one, and what was not
    asked for since the turn before is dropped. So a hit is one look into a dict, the store never forgets everything at
    once, and keys that a caller makes up drive out only what nobody uses.
    """

    __slots__ = ("_old", "_room", "_turned", "_used", "_weigh", "generation", "young")

    def __init__(
        self, room: int, weigh: Callable[[V], int] = lambda _: 1, turned: Callable[[], None] = lambda: None
    ) -> None:
        """`turned` is called when the young one has become the old one."""
        self.young: dict[K, V] = {}
        """For reading if a call would cost too much; on a miss ask `get`."""
        self.generation = 0
        """Another number after each turn: what was put in or asked for since the number came up is in the young one."""
        self._old: dict[K, V] = {}
        self._room = room
        self._used = 0
        self._weigh = weigh
        self._turned = turned

    def __len__(self) -> int:
        return len(self.young.keys() | self._old.keys())

    def get(self, key: K) -> V | None:
        """The value of `key`, None if it is not held."""
        value = self.young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> V:
        """Hold `value`, and give it back."""
        self.young[key] = value
        self._used += self._weigh(value)
        if self._used > self._room:
            self.turn()
        return value

    def turn(self) -> None:
        """Drop what was not asked for since the turn before."""
        self._old, self.young, self._used = self.young, {}, 0
        self.generation += 1
        self._turned()
