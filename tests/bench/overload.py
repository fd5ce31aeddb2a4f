"""What becomes of a server that is sent ten times what it can do: `python -m tests.bench.overload`.

The load is an open loop: so many requests a second are sent, whatever comes back and however late. What a connection
does not take, since the server reads no further, is lost, as it would be for callers who give up. First the capacity is
measured: answers a second to eight accounts that wait for each. Then come, in turns, that load many times over from
eight accounts that behave, from one account, and from strangers, while a quiet caller of another account asks who it
is. Printed are good answers a second against the capacity, what an answer costs the server of a processor against then
(on a machine that is busy this tells more), and the p99 of the quiet caller against that under the eight
accounts. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import multiprocessing
import selectors
import socket
import statistics
import tempfile
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.credentials import Credentials

from tests.bench.fairness import ACCOUNTS, NOBODY, goodput, new_account, p99_of_quiet, requests_of, running_at
from tests.bench.load import cpu_seconds_of
from tests.clients.running import RunningServer

_TICK_SECONDS = 0.005
_CONNECTIONS = 64
_ROUNDS = 3


class Sent(NamedTuple):
    """What came of an open loop, of so many seconds."""

    seconds: float
    offered: int
    taken: int
    good: int
    """Answers with 200."""
    refused: int
    """All others."""
    cpu_seconds: float
    """Of the server."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--limits", default="off", help="as of carnet serve; with the usual ones most is throttled")
    arguments.add_argument("--times", type=float, default=10.0, help="how many times the capacity is sent")
    arguments.add_argument("--seconds", type=float, default=4.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory, running_at(Path(directory) / "data", given.limits) as server:
        own = Credentials(server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
        keys = [new_account(server) for _ in range(ACCOUNTS)]
        loads = {"eight accounts": keys, "one account": keys[:1], "strangers": [NOBODY]}
        several = requests_of(server, keys)
        capacity, dear = max(_capacity(server, several, given.seconds) for _ in range(_ROUNDS))
        print(
            f"--limits {given.limits}; capacity {capacity:.0f} a second at {dear * 1e6:.0f} us of CPU; "
            f"{given.times:g} times that is sent"
        )
        p99: dict[str, list[float]] = {name: [] for name in loads}
        sent: dict[str, list[Sent]] = {name: [] for name in loads}
        for _ in range(_ROUNDS):
            for name, callers in loads.items():
                rate = given.times * capacity
                sending = OpenLoop(server, requests_of(server, callers), rate, given.seconds + 2)
                p99[name].append(p99_of_quiet(server, own, sending, given.seconds))
                sent[name].append(sending.told())
        usual = statistics.median(p99["eight accounts"])
        for name in loads:
            middle, most = statistics.median(p99[name]), max(sent[name], key=lambda one: one.good)
            answered = most.good + most.refused
            print(
                f"{name:<16} {most.offered / most.seconds:6.0f} a second: good {most.good / most.seconds:6.0f} "
                f"({most.good / most.seconds / capacity:4.2f}), refused {most.refused / most.seconds:6.0f}, "
                f"{most.cpu_seconds / answered * 1e6:4.0f} us of CPU each ({most.cpu_seconds / answered / dear:4.2f}); "
                f"the quiet caller's p99 {middle * 1e3:6.1f} ms ({middle / usual:4.2f})"
            )


def _capacity(server: RunningServer, requests: list[bytes], seconds: float) -> tuple[float, float]:
    """Answers a second, and what one costs the server of a processor, in seconds."""
    before = cpu_seconds_of(server.process.pid)
    a_second = goodput(server, requests, ACCOUNTS, seconds)
    return a_second, (cpu_seconds_of(server.process.pid) - before) / (a_second * seconds)


class OpenLoop:
    """Requests that are sent at a rate by a process of its own, until its seconds are over."""

    def __init__(self, server: RunningServer, requests: list[bytes], rate: float, seconds: float) -> None:
        self._pid = server.process.pid
        context = multiprocessing.get_context("spawn")
        self._told: Any = context.SimpleQueue()
        self._process = context.Process(target=_send, args=(server.endpoint, requests, rate, seconds, self._told))
        self._sent: Sent | None = None

    def __enter__(self) -> OpenLoop:
        self._cpu_seconds = cpu_seconds_of(self._pid)
        self._process.start()
        return self

    def __exit__(self, *problem: object) -> None:
        told: Sent = self._told.get()
        self._sent = told._replace(cpu_seconds=cpu_seconds_of(self._pid) - self._cpu_seconds)
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
        offered = taken = 0
        while (passed := time.monotonic() - begun) < seconds:
            due = int(rate * passed) - offered
            offered += due
            taken += self._offer(due)
            for key, _ in self._selector.select(_TICK_SECONDS):
                self._read(key.fileobj)  # type: ignore[arg-type]
        for connection in list(self._rests):
            self._close(connection)
        return Sent(seconds, offered, taken, self._good, self._answers - self._good, 0.0)

    def _offer(self, due: int) -> int:
        """Give each connection its part, until none takes any more."""
        taken, willing = 0, list(self._rests)
        while willing and taken < due:
            willing = [one for one in willing if self._takes(one)]
            taken += len(willing)
        return min(taken, due)

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
