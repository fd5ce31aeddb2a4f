"""A part of a memory for each account, so that what one of them makes up drives out nothing of another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Shares(Generic[V]):
    """Account to a bounded memory of its own; those of at most `accounts` accounts, the ones that were asked for last.

    Safe to share between threads, if the memories are.
    """

    def __init__(self, accounts: int, make: Callable[[], V]) -> None:
        self._accounts = accounts
        self._make = make
        self._memories: OrderedDict[str, V] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._memories)

    def of(self, account: str) -> V:
        """The memory of an account."""
        with self._lock:
            memory = self._memories.get(account)
            if memory is None:
                memory = self._memories[account] = self._make()
                if len(self._memories) > self._accounts:
                    self._memories.popitem(last=False)
            self._memories.move_to_end(account)
            return memory
