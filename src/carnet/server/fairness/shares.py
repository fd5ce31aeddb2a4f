"""Whose requests the event loop answers next: accounts have equal shares of it, and strangers together as much as one.

As long as nobody waits, a request is answered in the call that brings it. The loop brings what all sockets have got
in one go, so one caller with many connections could make everybody wait for all of them. Here an account gets no more
than QUANTUM seconds of each go; its further requests wait, and are answered in turns with those of others (deficit
round robin: an account that took more than its share, with one long answer, is passed over until the others have had
as much).

https://dl.acm.org/doi/10.1145/217391.217453
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from carnet.server.fairness.rotation import Rotation

QUANTUM = 0.001
"""Seconds of the loop that one account gets before others have their turn: some simple calls."""
ROUND = 2 * QUANTUM
"""How long those that wait are answered before the loop looks at its sockets again."""


class Flow(NamedTuple):
    """Whose connection it is."""

    account: str
    """The account of the caller that was proven last; empty for strangers."""
    network: bytes | str = ""
    """From where strangers come, who have turns among each other."""


class Shares:
    """The shares of one event loop. Everything that is measured is between `begin` and `spend`."""

    def __init__(self, seconds: Callable[[], float] = perf_counter) -> None:
        self._seconds = seconds
        self._since = 0.0
        self._spent: dict[str, float] = {}
        """What each account has had since the sockets were looked at, and owes from before. Strangers are ''."""
        self._waiting: OrderedDict[str, Rotation[Callable[[], None]]] = OrderedDict()
        self._comes = False
        """Whether another round comes."""

    def begin(self) -> None:
        """From here on the time is somebody's."""
        self._since = self._seconds()

    def spend(self, flow: Flow) -> None:
        """The time since was spent for a flow; from here on it is somebody's again."""
        now = self._seconds()
        self._spent[flow.account] = self._spent.get(flow.account, 0.0) + now - self._since
        self._since = now
        self._come()

    def has(self, flow: Flow) -> bool:
        """Whether a request of a flow is answered at once: some of its share is left, and none of its account waits."""
        return self._spent.get(flow.account, 0.0) < QUANTUM and flow.account not in self._waiting

    def wait(self, flow: Flow, go_on: Callable[[], None]) -> None:
        """Call `go_on` when it is the flow's turn. It answers one request, and comes back if there are more."""
        queue = self._waiting.get(flow.account)
        if queue is None:
            queue = self._waiting[flow.account] = Rotation()
        queue.put(flow.network, go_on)
        self._come()

    def _run_round(self) -> None:
        """Answer some of those that wait, and let the loop look at its sockets."""
        self._comes = False
        if not self._waiting:
            self._spent = {}  # Whoever took more than a share made nobody wait.
            return
        self._renew()
        until, passed_over = self._seconds() + ROUND, 0
        try:
            while passed_over < len(self._waiting) and self._seconds() < until:
                account, queue = next(iter(self._waiting.items()))
                self._waiting.move_to_end(account)
                if self._spent.get(account, 0.0) < QUANTUM:
                    passed_over = 0
                    self._serve(account, queue)
                else:
                    passed_over += 1
        finally:
            if self._waiting:
                self._come()

    def _renew(self) -> None:
        """Give everybody a share again. If all who wait have taken too much, the least of that is forgiven to each."""
        spent = {account: had - QUANTUM for account, had in self._spent.items() if had > QUANTUM}
        least = min([spent.get(account, 0.0) for account in self._waiting])
        self._spent = {one: owed - least for one, owed in spent.items() if owed > least}

    def _serve(self, account: str, queue: Rotation[Callable[[], None]]) -> None:
        """One turn of an account: one request."""
        go_on = queue.take()
        if not queue:
            del self._waiting[account]
        self.begin()
        try:
            go_on()
        finally:
            self.spend(Flow(account))

    def _come(self) -> None:
        if not self._comes:
            self._comes = True
            asyncio.get_running_loop().call_soon(self._run_round)
