"""What waits, taken in turns of who it is for: a rotation holds one queue for each key."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Rotation(Generic[T]):
    """INVARIANT: between two items of one key, one of each other key that waits is taken."""

    __slots__ = ("_count", "_queues")

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        return (item for queue in self._queues.values() for item in queue)

    def put(self, key: Hashable, item: T) -> None:
        """Let it wait, behind those of the same key."""
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque()
        queue.append(item)
        self._count += 1

    def take(self) -> T:
        """The next one. Raises KeyError if nothing waits."""
        key, queue = next(iter(self._queues.items()), (None, None))
        if queue is None:
            raise KeyError("nothing waits")
        item = queue.popleft()
        self._count -= 1
        if queue:
            self._queues.move_to_end(key)
        else:
            del self._queues[key]
        return item
