"""A server that is asked over HTTP while something goes wrong: half requests, answers that nobody reads, a restore."""

from __future__ import annotations

import random
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests import scratch
from tests.bench.load import signed
from tests.chaos.promises import Tally
from tests.clients.running import RunningServer, running_server

KEY_HOLDER = "holder-"
_PATIENCE_SECONDS = 120
_SLOW_SECONDS = 0.3
_LOAD_SECONDS = 0.5
_AFTER_SECONDS = 1.0


class Caller:
    """The root user, who makes users by number over connections that it opens one by one."""

    def __init__(self, endpoint: str, key: Credentials) -> None:
        at = urlsplit(endpoint)
        self.key = key
        self._endpoint = endpoint
        self._at = (at.hostname or "", at.port or 0)

    @classmethod
    def root_of(cls, server: RunningServer) -> Caller:
        """By the key that the server has printed at its first start."""
        variables = server.environment
        return cls(server.endpoint, Credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]))

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client, of the root user where no other credentials are given."""
        make: Any = boto3.client  # its stubs know services by literal names only
        given = credentials or self.key
        return make(
            service,
            endpoint_url=self._endpoint,
            region_name="us-east-1",
            aws_access_key_id=given.access_key,
            aws_secret_access_key=given.secret_key,
            aws_session_token=given.token,
            config=Config(retries={"total_max_attempts": 12, "mode": "standard"}),
        )

    def session(self, seconds: int = 3600) -> Credentials:
        """Of the root user, for so long."""
        made = self.client("sts").get_session_token(DurationSeconds=seconds)["Credentials"]
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def knows(self, credentials: Credentials) -> bool:
        """Whether the server takes them."""
        try:
            self.client("sts", credentials).get_caller_identity()
        except ClientError:
            return False
        return True

    def new_access_key(self) -> Credentials:
        """Of a new user, who may do nothing but ask who it is."""
        iam, name = self.client("iam"), f"{KEY_HOLDER}{uuid.uuid4()}"
        with suppress(iam.exceptions.EntityAlreadyExistsException):  # asked again after an answer that was unsure
            iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"])

    def request(self, number: int) -> bytes:
        """Asks for the user of that number."""
        body = urlencode({"Action": "CreateUser", "Version": "2010-05-08", "UserName": f"user{number}"})
        return signed(self._endpoint, "iam", body, self.key)

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(self._at, timeout=_PATIENCE_SECONDS) as connection:
            yield connection

    def send_in_part(self, connection: socket.socket, request: bytes, length: int) -> None:
        """Send no more of it."""
        connection.sendall(request[:length])

    def create(self, number: int) -> int:
        """Make a user; the status of the answer."""
        with self.connection() as connection:
            connection.sendall(self.request(number))
            line = connection.recv(1 << 16).split(b"\r\n", 1)[0]
        return int(line.split(b" ")[1])

    def users(self) -> set[int]:
        """The numbers of those that are listed."""
        pages = self.client("iam").get_paginator("list_users").paginate()
        names = [user["UserName"] for page in pages for user in page["Users"]]
        return {int(name.removeprefix("user")) for name in names if not name.startswith(KEY_HOLDER)}


@contextmanager
def _served() -> Iterator[RunningServer]:
    with (
        tempfile.TemporaryDirectory(prefix="carnet-chaos-", dir=scratch.place()) as folder,
        running_server(Path(folder) / "data") as server,
    ):
        yield server


def half_requests(
    moments: random.Random, times: int, caller_of: Callable[[RunningServer], Caller] = Caller.root_of
) -> Tally:
    """Clients cut requests and answers at any byte, or read them byte by byte; others are served in between.

    What was sent in part is not done; what was sent whole may be, if nobody read the answer.
    """
    tally, sent_in_part, acknowledged = Tally(), set[int](), set[int]()
    with _served() as server:
        caller = caller_of(server)
        for turn in range(times):
            number = 2 * turn
            if _disturb(caller, number, moments):
                sent_in_part.add(number)
            tally.faults += 1
            if caller.create(number + 1) == 200:
                acknowledged.add(number + 1)
            else:
                tally.broken.append("others are not served beside a half request")
        there = caller.users()
    tally.acknowledged = len(acknowledged)
    if acknowledged - there:
        tally.broken.append("acknowledged writes are lost")
    if sent_in_part & there:
        tally.broken.append("a request that was sent in part was carried out")
    return tally


def _disturb(caller: Caller, number: int, moments: random.Random) -> bool:
    """Do something that no good client does; whether the request was sent in part only."""
    request = caller.request(number)
    kind = moments.choice(("cut request", "slow request", "unread answer", "slow reader"))
    with caller.connection() as connection:
        if kind == "cut request":
            caller.send_in_part(connection, request, moments.randrange(1, len(request)))
            return True
        if kind == "slow request":
            middle = moments.randrange(1, len(request))
            connection.sendall(request[:middle])
            time.sleep(moments.uniform(0, _SLOW_SECONDS))
            connection.sendall(request[middle:])
        else:
            connection.sendall(request)
        if kind == "slow reader":
            until = time.monotonic() + moments.uniform(0, _SLOW_SECONDS)
            connection.settimeout(_SLOW_SECONDS)
            with suppress(TimeoutError):  # the answer was read to its end
                while time.monotonic() < until and connection.recv(1):
                    pass
    return False


def restores(moments: random.Random, times: int, *, too_early: bool = False) -> Tally:
    """`carnet backup` and `carnet restore --replace` while a client writes; `too_early`: of a backup from before.

    What was acknowledged before the backup was begun, and after the restore has ended, is there; what came between is
    there or not, as it was in the backup; and the server lists what the store has.
    """
    tally = Tally()
    for _ in range(times):
        with _served() as server:
            _restore(server, moments, tally, too_early=too_early)
        tally.faults += 1
    return tally


def _restore(server: RunningServer, moments: random.Random, tally: Tally, *, too_early: bool) -> None:
    caller, file = Caller.root_of(server), str(server.data_dir.parent / "backup")
    load = Load(caller)
    if too_early:
        server.carnet("backup", file)
    with load.running():
        load.wait_for_writes()
        time.sleep(moments.uniform(0, _LOAD_SECONDS))
        before = load.acknowledged.copy()
        if not too_early:
            server.carnet("backup", file)
        time.sleep(moments.uniform(0.1, _LOAD_SECONDS))
        server.carnet("restore", "--replace", file)
        begun, restored = load.number, load.acknowledged.copy()
        time.sleep(_AFTER_SECONDS)
    after = {number for number in load.acknowledged - restored if number > begun}
    there = caller.users()
    tally.acknowledged += len(load.acknowledged)
    if before - there:
        tally.broken.append("a write of before the backup is lost")
    if not after:
        tally.broken.append("nothing is written after a restore")
    if after - there:
        tally.broken.append("a write of after the restore is lost")
    if others := load.statuses - {200, 503}:
        tally.broken.append(f"answers of another kind than 200 and 503: {sorted(others)}")


class Load:
    """Users that are made one after the other, by a thread."""

    def __init__(self, caller: Caller, first: int = 0) -> None:
        self._caller = caller
        self._ends = Event()
        self.number = first
        """Of the one that was asked for last."""
        self.acknowledged = set[int]()
        self.statuses = set[int]()
        """Of all answers."""

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()

    def wait_for_writes(self) -> None:
        """Returns when something was written that was asked for from now on."""
        deadline, begun = time.monotonic() + _PATIENCE_SECONDS, self.number
        while max(self.acknowledged, default=0) <= begun:
            assert time.monotonic() < deadline, "nothing is written"
            time.sleep(0.01)

    def _run(self) -> None:
        while not self._ends.is_set():
            self.number += 1
            status = self._caller.create(self.number)
            self.statuses.add(status)
            if status == 200:
                self.acknowledged.add(self.number)
