"""What becomes of a server that is sent ten times what it can do: `python -m tests.bench.overload`.

The load is an open loop: so many requests a second are sent, whatever comes back and however late. What a connection
does not take, since the server reads no further, is lost, as it would be for callers who give up. It comes, in turns,
from eight accounts that behave, from one account, and from strangers, while a quiet caller of another account asks who
it is. Right before each the capacity is measured: answers a second to eight accounts that wait for each.

Printed are good answers a second against the capacity; the same for a second of the server's own processor time, which
tells what the server loses by the load, and not what the load takes from it on a machine that both share; what an
answer costs, whether good or refused, against a good one at capacity; and the p99 of the quiet caller against that
under the eight accounts. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import multiprocessing
import selectors
import socket
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.credentials import Credentials

from tests.bench.fairness import ACCOUNTS, NOBODY, goodput, new_account, p99, requests_of, running_at, waits_of_quiet
from tests.bench.load import cpu_seconds_of
from tests.clients.running import RunningServer

_TICK_SECONDS = 0.005
_CONNECTIONS = 64


class Sent(NamedTuple):
    """What came of an open loop, of so many seconds."""

    seconds: float
    offered: int
    good: int
    """Answers with 200."""
    refused: int
    """All others."""


class Part(NamedTuple):
    """One part of the run: a load, right after the capacity was measured once more."""

    capacity: float
    """Good answers a second."""
    dear: float
    """What one of them cost the server of a processor, in seconds."""
    sent: Sent
    quiet: list[float]
    """How long the quiet caller waited for each of its answers."""
    cpu_seconds: float
    """Of the server, under the load."""

    @property
    def goodput(self) -> float:
        """Good answers under the load, against those at capacity."""
        return self.sent.good / self.sent.seconds / self.capacity

    @property
    def worth(self) -> float:
        """Good answers for a second of the server's processor under the load, against those at capacity."""
        return (self.sent.good + len(self.quiet)) / self.cpu_seconds * self.dear

    @property
    def each(self) -> float:
        """What an answer of whatever kind costs the server under the load, against a good one at capacity."""
        return self.cpu_seconds / (self.sent.good + self.sent.refused + len(self.quiet)) / self.dear


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--limits", default="off", help="as of carnet serve; with the usual ones most is throttled")
    arguments.add_argument("--times", type=float, default=10.0, help="how many times the capacity is sent")
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory, running_at(Path(directory) / "data", given.limits) as server:
        own = Credentials(server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
        keys = [new_account(server) for _ in range(ACCOUNTS)]
        loads = {"eight accounts": keys, "one account": keys[:1], "strangers": [NOBODY]}
        parts: dict[str, list[Part]] = {name: [] for name in loads}
        for _ in range(given.rounds):
            for name, callers in loads.items():
                parts[name].append(_part(server, own, keys, callers, given.times, given.seconds))
    print(f"--limits {given.limits}; {given.times:g} times the capacity is sent; medians of {given.rounds} rounds")
    usual = statistics.median(p99(part.quiet) for part in parts["eight accounts"])
    for name, several in parts.items():
        waited = statistics.median(p99(part.quiet) for part in several)
        print(
            f"{name:<16} good {statistics.median(part.goodput for part in several):4.2f} of the capacity, "
            f"for a second of the server's CPU {statistics.median(part.worth for part in several):4.2f}; "
            f"an answer costs {statistics.median(part.each for part in several):4.2f} of a good one; "
            f"the quiet caller's p99 {waited * 1e3:6.1f} ms ({waited / usual:4.2f})"
        )


def _part(
    server: RunningServer,
    own: Credentials,
    keys: Sequence[Credentials],
    callers: Sequence[Credentials],
    times: float,
    seconds: float,
) -> Part:
    pid = server.process.pid
    begun = cpu_seconds_of(pid)
    capacity = goodput(server, requests_of(server, keys), ACCOUNTS, seconds)
    loaded = cpu_seconds_of(pid)
    sending = OpenLoop(server.endpoint, requests_of(server, callers), times * capacity, seconds + 2)
    quiet = waits_of_quiet(server, own, sending, seconds)
    return Part(
        capacity=capacity,
        dear=(loaded - begun) / (capacity * seconds),
        sent=sending.told(),
        quiet=quiet,
        cpu_seconds=cpu_seconds_of(pid) - loaded,
    )


class OpenLoop:
    """Requests that are sent at a rate by a process of its own, until its seconds are over."""

    def __init__(self, endpoint: str, requests: list[bytes], rate: float, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._told: Any = context.SimpleQueue()
        self._process = context.Process(target=_send, args=(endpoint, requests, rate, seconds, self._told))
        self._sent: Sent | None = None

    def __enter__(self) -> OpenLoop:
        self._process.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._sent = self._told.get()
        self._process.join()

    def told(self) -> Sent:
        """What came of it, once it is over."""
        assert self._sent is not None
        return self._sent


def _send(endpoint: str, requests: list[bytes], rate: float, seconds: float, told: Any) -> None:
    told.put(Sending(endpoint, requests).send(rate, seconds))


class Sending:
    """Connections, over which requests are sent and answers are counted."""

    def __init__(self, endpoint: str, requests: list[bytes]) -> None:
        at = urlsplit(endpoint)
        self._at = (at.hostname or "", at.port or 0)
        self._requests = cycle(requests)
        self._selector = selectors.DefaultSelector()
        self._rests: dict[socket.socket, bytes] = {}
        """What a connection has not taken yet of a request that it took in part."""
        self._good = self._answers = 0

    def send(self, rate: float, seconds: float) -> Sent:
        """Send for so many seconds; what a connection does not take is not sent again."""
        for _ in range(_CONNECTIONS):
            self._connect()
        begun = time.monotonic()
        offered = 0
        while (passed := time.monotonic() - begun) < seconds:
            due = int(rate * passed) - offered
            offered += due
            self._offer(due)
            for key, _ in self._selector.select(_TICK_SECONDS):
                self._read(key.fileobj)  # type: ignore[arg-type]
        for connection in list(self._rests):
            self._close(connection)
        return Sent(seconds, offered, self._good, self._answers - self._good)

    def _offer(self, due: int) -> None:
        """Give each connection its part, until none takes any more."""
        taken, willing = 0, list(self._rests)
        while willing and taken < due:
            willing = [one for one in willing if self._takes(one)]
            taken += len(willing)

    def _takes(self, connection: socket.socket) -> bool:
        rest = self._rests.get(connection, b"") or next(self._requests)
        try:
            self._rests[connection] = rest[connection.send(rest) :]
        except BlockingIOError:
            return False
        except OSError:
            self._close(connection)
            self._connect()
            return False
        return not self._rests[connection]

    def _read(self, connection: socket.socket) -> None:
        try:
            answers = connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            answers = b""
        self._good += answers.count(b"HTTP/1.1 200 ")
        self._answers += answers.count(b"HTTP/1.1 ")
        if not answers:
            self._close(connection)
            self._connect()

    def _connect(self) -> None:
        connection = socket.create_connection(self._at, timeout=60)
        connection.setblocking(False)
        self._rests[connection] = b""
        self._selector.register(connection, selectors.EVENT_READ)

    def _close(self, connection: socket.socket) -> None:
        self._rests.pop(connection, None)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()


if __name__ == "__main__":
    main()
