"""`python -m tests.bench.lag`: how long after the answer to a change other processes have it, on each store.

Three servers on one store; users are made at one, and the others are asked every two milliseconds which revision they
have. Prints the median, the 99th percentile and the greatest of each, in milliseconds. Nothing passes or fails.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import orjson

from carnet.server.own_paths import HEALTH_PATH
from carnet.server.read_your_writes import REVISION
from carnet.store.databases.postgresql import Postgresql
from carnet.store.databases.sqlite import Sqlite
from tests.clients.running import RunningServer, running_server
from tests.stores.postgresql import running_server as running_postgresql

CHANGES = 200
_LOOK_SECONDS = 0.002
_PATIENCE_SECONDS = 30.0


@contextmanager
def servers(path: Path, database_url: str, count: int = 3) -> Iterator[list[RunningServer]]:
    given = ("--database-url", database_url) if database_url else ()
    with ExitStack() as stack:
        directories = [path / f"node-{number}" if database_url else path / "data" for number in range(count)]
        running = []
        for number, directory in enumerate(directories):
            key = ("--master-key-file", str(directories[0] / "master.key")) if number and database_url else ()
            running.append(stack.enter_context(running_server(directory, *given, *key, from_nothing=bool(number))))
        yield running


def lags(running: list[RunningServer], changes: int) -> list[float]:
    """Of each change and each other server, in seconds."""
    first, *others = running
    keys = first.environment
    client = boto3.client(
        "iam",
        endpoint_url=first.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    asked = [HTTPConnection(urlsplit(each.endpoint).netloc, timeout=_PATIENCE_SECONDS) for each in others]
    found: list[float] = []
    for number in range(changes):
        time.sleep(random.uniform(0, 0.1))
        answer = client.create_user(UserName=f"user-{number}")
        made, wanted = time.monotonic(), int(answer["ResponseMetadata"]["HTTPHeaders"][REVISION])
        waiting = list(asked)
        while waiting:
            waiting = [each for each in waiting if not _has(each, wanted, made, found)]
            time.sleep(_LOOK_SECONDS)
    return found


def _has(connection: HTTPConnection, wanted: int, made: float, found: list[float]) -> bool:
    connection.request("GET", HEALTH_PATH)
    revision: int = orjson.loads(connection.getresponse().read())["revision"]
    lag = time.monotonic() - made
    if revision >= wanted:
        found.append(lag)
    elif lag > _PATIENCE_SECONDS:
        raise RuntimeError(f"revision {wanted} is not there after {lag:.0f} s")
    return revision >= wanted


def told(name: str, poll_seconds: float, found: list[float]) -> str:
    ordered = [1000 * each for each in sorted(found)]
    median, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return (
        f"{name:<12} median {median:7.1f} ms   p99 {most:7.1f} ms   greatest {ordered[-1]:7.1f} ms"
        f"   (two polls: {2000 * poll_seconds:.0f} ms)"
    )


def main(changes: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        with servers(Path(directory) / "sqlite", "") as running:
            print(told("SQLite", Sqlite.poll_seconds, lags(running, changes)), flush=True)
        with (
            contextmanager(running_postgresql)() as server,
            servers(Path(directory) / "postgresql", server.new_database()) as running,
        ):
            print(told("PostgreSQL", Postgresql.poll_seconds, lags(running, changes)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CHANGES)
