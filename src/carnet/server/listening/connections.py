"""How many connections there may be, and whose end when there are too many: those of strangers, the oldest first.

So whoever connects can send a request, and its signature tells whether it comes from a stranger.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Hashable

_RESERVED = 256
"""Descriptors that the store, the logs, the listening sockets and outgoing calls have."""
_MOST = 10_000
_FEWEST = 16
_AT_ONCE = 64
"""How many are ended at most where one is too much: looking for whose costs more than ending them."""


def raise_descriptor_limit() -> int:
    """Let this process have as many descriptors as it may; how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # some systems have a lower limit than they tell
        return soft
    return hard


def most_connections() -> int:
    """How many there may be, so that descriptors are left for everything else."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, limit - _RESERVED))


class Place:
    """The place of one connection. `end` ends the connection, at once."""

    __slots__ = ("_connections", "_key", "_proven", "end")

    def __init__(self, connections: Connections, network: Hashable, end: Callable[[], object]) -> None:
        self._connections = connections
        self._key = network
        self._proven = False
        self.end = end

    def prove(self, account: str) -> None:
        """A caller of an account was proven on it."""
        if not (self._proven and self._key == account):
            self.leave()
            self._key, self._proven = account, True
            self._connections._enter(self._key, self, proven=True)

    def leave(self) -> None:
        """The connection has ended."""
        self._connections._leave(self._key, self, proven=self._proven)


class Connections:
    """All connections of a process, also those that are still to agree on TLS.

    - No more than `most`. Beyond it, the oldest of the network with the most strangers end. If all have a proven
      caller, there is no room.
    - No more than `of_network` strangers of one network: beyond it, its oldest end. None: there is no such limit.
    - No account has more than half: beyond it, its oldest end.
    """

    def __init__(self, most: int | None = None, *, of_network: int | None = None) -> None:
        self.most = most or most_connections()
        self.of_network = of_network
        self._strangers: dict[Hashable, dict[Place, None]] = {}
        self._proven: dict[Hashable, dict[Place, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, network: Hashable, end: Callable[[], object]) -> Place | None:
        """A place for a new connection of a network; None if there is no room."""
        if self._count >= self.most and not self._make_room():
            return None
        place = Place(self, network, end)
        self._enter(network, place, proven=False)
        return place

    def _enter(self, key: Hashable, place: Place, *, proven: bool) -> None:
        group = (self._proven if proven else self._strangers).setdefault(key, {})
        group[place] = None
        self._count += 1
        most = max(1, self.most // 2) if proven else self.of_network
        if most is not None and len(group) > most:
            self._end(group, 1, key, proven=proven)

    def _leave(self, key: Hashable, place: Place, *, proven: bool) -> None:
        groups = self._proven if proven else self._strangers
        group = groups.get(key)
        if group is None or place not in group:
            return
        del group[place]
        self._count -= 1
        if not group:
            del groups[key]

    def _make_room(self) -> bool:
        if not self._strangers:
            return False
        key = max(self._strangers, key=lambda network: len(self._strangers[network]))
        group = self._strangers[key]
        self._end(group, min(_AT_ONCE, len(group) // 2 + 1), key, proven=False)
        return True

    def _end(self, group: dict[Place, None], count: int, key: Hashable, *, proven: bool) -> None:
        for place in list(group)[:count] if count > 1 else [next(iter(group))]:
            self._leave(key, place, proven=proven)
            place.end()
