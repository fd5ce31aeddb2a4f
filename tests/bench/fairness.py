"""Whether one account, or a flood of strangers, takes the server from another: `python -m tests.bench.fairness`.

One caller asks who it is, again and again over one connection, while a process of its own sends a load: of eight
accounts that behave, of one account over as many connections, and of strangers. Printed are the caller's p99 under
each, as a ratio to that under the accounts that behave; and the goodput (answers with 200 a second) with ten times the
connections as a ratio to that with few. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import cycle
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore.credentials import Credentials

from tests.bench.load import signed
from tests.clients.running import RunningServer, running_server

_WHO = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})
NOBODY = Credentials("AKIAQNZGKIQY56JQ7WML", "0" * 40)
ACCOUNTS = 8


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--limits", default="default")
    arguments.add_argument("--connections", type=int, default=200)
    arguments.add_argument("--seconds", type=float, default=4.0)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory, running_at(Path(directory) / "data", given.limits) as server:
        own = Credentials(server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
        keys = [new_account(server) for _ in range(ACCOUNTS)]
        loads = {"eight accounts": keys, "one account": keys[:1], "strangers": [NOBODY]}
        print(f"--limits {given.limits}, {given.connections} connections")
        told: dict[str, list[float]] = {name: [] for name in loads}
        for _ in range(given.rounds):
            for name, callers in loads.items():
                load = _Load(server.endpoint, requests_of(server, callers), given.connections, given.seconds + 2)
                told[name].append(p99(waits_of_quiet(server, own, load, given.seconds)))
        usual = statistics.median(told["eight accounts"])
        for name, each in told.items():
            middle = statistics.median(each)
            print(f"{name:<16} another account's p99 {middle * 1e3:7.1f} ms, {middle / usual:5.2f}")
        few, many = goodputs(server, given.seconds, given.rounds)
        print(f"goodput {few:.0f} a second, with ten times the connections {many:.0f}: {many / few:.2f}")


def running_at(data: Path, limits: str) -> Any:
    return running_server(data, "--limits", limits)


def new_account(server: RunningServer) -> Credentials:
    """The root key of a new account."""
    made = json.loads(server.carnet("account", "create", "--output", "json"))
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


def requests_of(server: RunningServer, callers: Sequence[Credentials]) -> list[bytes]:
    return [signed(server.endpoint, "sts", _WHO, caller) for caller in callers]


def goodputs(server: RunningServer, seconds: float, rounds: int) -> tuple[float, float]:
    """The median goodput over a connection an account, and over ten. The first calls of an account are its burst, which
    each measurement begins with whole: its accounts are new."""
    measured: dict[int, list[float]] = {ACCOUNTS: [], 10 * ACCOUNTS: []}
    for _ in range(rounds):
        for connections, each in measured.items():
            keys = [new_account(server) for _ in range(ACCOUNTS)]
            each.append(goodput(server, requests_of(server, keys), connections, seconds))
    few, many = (statistics.median(each) for each in measured.values())
    return few, many


def waits_of_quiet(
    server: RunningServer, own: Credentials, load: AbstractContextManager[object], seconds: float
) -> list[float]:
    """How long a caller waits who asks a hundred times a second at most, over one connection, under a load."""
    at, request = urlsplit(server.endpoint), signed(server.endpoint, "sts", _WHO, own)
    waited: list[float] = []
    with (
        create_connection((at.hostname or "", at.port or 0), timeout=60) as connection,
        load,
    ):
        time.sleep(1)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            connection.sendall(request)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            waited.append(time.perf_counter() - began)
            time.sleep(0.01)
    return waited


def p99(waited: Sequence[float]) -> float:
    return statistics.quantiles(waited, n=100)[98]


def goodput(server: RunningServer, load: list[bytes], connections: int, seconds: float) -> float:
    with _Load(server.endpoint, load, connections, seconds) as sending:
        pass
    return sending.good / seconds


class _Load:
    """A load from a process of its own, until its seconds are over; then, how many answers were good."""

    def __init__(self, endpoint: str, requests: list[bytes], connections: int, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.good = 0
        self._told = context.SimpleQueue()
        given = (endpoint, requests, connections, seconds, self._told)
        self._process = context.Process(target=_send, args=given)

    def __enter__(self) -> _Load:
        self._process.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.good = self._told.get()
        self._process.join()


def _send(endpoint: str, requests: list[bytes], connections: int, seconds: float, told: Any) -> None:
    told.put(asyncio.run(_send_all(endpoint, requests, connections, seconds)))


async def _send_all(endpoint: str, requests: list[bytes], connections: int, seconds: float) -> int:
    until, each = time.monotonic() + seconds, cycle(requests)
    return sum(await asyncio.gather(*(_again_and_again(endpoint, next(each), until) for _ in range(connections))))


async def _again_and_again(endpoint: str, request: bytes, until: float) -> int:
    at, good = urlsplit(endpoint), 0
    try:
        async with asyncio.timeout(until - time.monotonic()):
            while True:
                reader, writer = await asyncio.open_connection(at.hostname, at.port)
                try:
                    while head := await _answered(reader, writer, request):
                        good += b" 200 " in head.partition(b"\r\n")[0]
                finally:
                    writer.close()
    except TimeoutError:
        return good


async def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """The head of an answer; empty if the connection has ended."""
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    except (OSError, asyncio.IncompleteReadError):
        return b""
    return head


if __name__ == "__main__":
    main()
