"""`make bench`: Carnet, moto's server and a bare ASGI application, turn and turn about in the same run.

Prints, for an operation and a number of connections, requests a second and the server's processor time for one request,
and both as ratios: of each server its best round, for what disturbs a machine only ever makes a round worse. Nothing
passes or fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import boto3
from botocore.credentials import Credentials

from tests.bench.load import Result, load, signed
from tests.clients.running import free_port, running_server
from tests.starting.forked import CARNET

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

_MOTO = Path(".venv-bench/bin/moto_server")
_SECONDS = 1.0
_ROUNDS = 8
_CREATED = 5_000
_ALONE = (sys.executable, "-m", "tests.bench.alone")
_TRUST = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}}'
_ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:*","sts:*"],"Resource":"*"}}'


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server under load, and somebody who may call it."""

    name: str
    endpoint: str
    pid: int
    credentials: Credentials
    role: str = ""
    another_account: Callable[[], Credentials] | None = None
    """Makes an account, and in it somebody who may call: a server that keeps AWS's quota of users needs several."""


CASES = (
    ("GetCallerIdentity", 8),
    ("GetUser", 8),
    ("ListUsers", 8),
    ("AssumeRole", 8),
    ("CreateUser", 8),
    ("CreateUser", 32),
    ("GetCallerIdentity", 1),
    ("GetUser", 1),
)
"""Operation, and how many connections call it at once."""


def _bodies(peer: Peer, operation: str, round_: str) -> tuple[str, Sequence[str]]:
    """The service, and the form bodies to send."""
    if operation in ("GetCallerIdentity", "AssumeRole"):
        given = {"RoleArn": peer.role, "RoleSessionName": "bench"} if operation == "AssumeRole" else {}
        return "sts", [urlencode({"Action": operation, "Version": "2011-06-15", **given})]
    if operation == "CreateUser":
        names = [f"new-{round_}-{number}" for number in range(_CREATED)]
        return "iam", [urlencode({"Action": operation, "Version": "2010-05-08", "UserName": name}) for name in names]
    given = {"UserName": "user-7"} if operation == "GetUser" else {"MaxItems": "100", "PathPrefix": "/bench/"}
    return "iam", [urlencode({"Action": operation, "Version": "2010-05-08", **given})]


def _measure(peer: Peer, operation: str, round_: int, connections: int = 8) -> Result:
    service, bodies = _bodies(peer, operation, f"{connections}-{round_}")
    another = peer.another_account if operation == "CreateUser" else None
    credentials = peer.credentials if another is None else another()
    requests = [signed(peer.endpoint, service, body, credentials) for body in bodies]
    return load(
        peer.endpoint,
        requests,
        pid=peer.pid,
        seconds=_SECONDS,
        connections=connections,
        repeat=operation != "CreateUser",
    )


def _furnish(endpoint: str, key: str, secret: str, *, name: str, pid: int) -> Peer:
    """Make the caller of everything, 100 users in `/bench/` and a role."""
    iam = _iam(endpoint, key, secret)
    credentials = _caller(iam)
    for number in range(100):
        iam.create_user(UserName=f"user-{number}", Path="/bench/")
    trusted = iam.get_user(UserName="bench")["User"]["Arn"]
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=_TRUST % trusted)["Role"]
    return Peer(name=name, endpoint=endpoint, pid=pid, credentials=credentials, role=role["Arn"])


def _iam(endpoint: str, key: str, secret: str) -> IAMClient:
    return boto3.client(
        "iam", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )


def _caller(iam: IAMClient) -> Credentials:
    """Make a user whose policy allows everything."""
    iam.create_user(UserName="bench")
    iam.put_user_policy(UserName="bench", PolicyName="all", PolicyDocument=_ALLOW)
    made = iam.create_access_key(UserName="bench")["AccessKey"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


@contextmanager
def _carnet(data: Path, name: str = "carnet", program: Sequence[str] = (str(CARNET),)) -> Iterator[Peer]:
    with running_server(data, program=program) as server:
        key, secret = server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"]
        peer = _furnish(server.endpoint, key, secret, name=name, pid=server.process.pid)
        yield replace(peer, another_account=partial(_another_account, server.endpoint, data))


def _another_account(endpoint: str, data: Path) -> Credentials:
    """Make an account beside the running server, and wait until the server has seen it."""
    command = [str(CARNET), "account", "create", "--output", "json", "--data-dir", str(data)]
    made = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    iam = _iam(endpoint, made["AccessKeyId"], made["SecretAccessKey"])
    for _ in range(100):
        try:
            return _caller(iam)
        except iam.exceptions.ClientError as refused:
            if refused.response["Error"]["Code"] != "InvalidClientTokenId":
                raise
            time.sleep(0.05)
    raise RuntimeError("the server does not see the new account")


@contextmanager
def _process(command: Sequence[str], port: int, path: str = "/") -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait(endpoint + path)
        yield endpoint, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {url}")


@contextmanager
def _moto() -> Iterator[Peer]:
    port = free_port()
    with _process([str(_MOTO), "-p", str(port)], port, "/moto-api/") as (endpoint, pid):
        yield _furnish(endpoint, "AKIAIOSFODNN7EXAMPLE", "secret", name="moto", pid=pid)


@contextmanager
def _bare() -> Iterator[Peer]:
    port = free_port()
    with _process([sys.executable, "-m", "tests.bench.bare", str(port)], port) as (endpoint, pid):
        yield Peer(name="bare", endpoint=endpoint, pid=pid, credentials=Credentials("AKIAIOSFODNN7EXAMPLE", "s"))


def _best(results: Sequence[Result]) -> Result:
    return min(results, key=lambda result: result.cpu_us)


def _row(operation: str, connections: int, measure: Callable[[str], Result]) -> str:
    carnet, moto, bare = measure("carnet"), measure("moto"), measure("bare")
    return (
        f"{operation:<18} {connections:>2} {carnet.per_second:>9.0f} {carnet.cpu_us:>9.0f} "
        f"{moto.per_second:>9.0f} {moto.cpu_us:>9.0f} "
        f"{bare.per_second:>9.0f} {bare.cpu_us:>9.0f} {carnet.per_second / moto.per_second:>8.1f}x "
        f"{moto.cpu_us / carnet.cpu_us:>8.1f}x {carnet.per_second / bare.per_second:>8.2f} "
        f"{bare.cpu_us / carnet.cpu_us:>8.2f}"
    )


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        _carnet(Path(directory) / "data") as ours,
        _moto() as moto,
        _bare() as bare,
    ):
        peers = {peer.name: peer for peer in (ours, moto, bare)}
        print(f"{'':21} {'carnet':>19} {'moto':>19} {'bare ASGI':>19} {'carnet/moto':>18} {'carnet/bare':>17}")
        print(f"{'':21} " + " ".join(f"{'req/s':>9} {'CPU us':>9}" for _ in range(3)) + f" {'req/s':>9} {'CPU':>9}" * 2)
        for operation, connections in CASES:
            results: dict[str, list[Result]] = {name: [] for name in peers}
            for round_ in range(_ROUNDS):
                for name, peer in peers.items():
                    results[name].append(_measure(peer, operation, round_, connections))
            print(_row(operation, connections, lambda name, results=results: _best(results[name])), flush=True)  # type: ignore[misc]
    _group_commit()


def _group_commit() -> None:
    """What it gains that changes which come together are committed together."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        together = stack.enter_context(_carnet(directory / "data"))
        alone = stack.enter_context(_carnet(directory / "alone", "alone", _ALONE))
        results: dict[str, list[Result]] = {together.name: [], alone.name: []}
        for round_ in range(_ROUNDS):
            for peer in (together, alone):
                results[peer.name].append(_measure(peer, "CreateUser", round_, 32))
    ours, theirs = _fastest(results[together.name]), _fastest(results[alone.name])
    print(
        f"CreateUser, 32 connections: {ours.per_second:.0f} req/s, {ours.cpu_us:.0f} us; with groups of one change "
        f"{theirs.per_second:.0f} req/s, {theirs.cpu_us:.0f} us: {ours.per_second / theirs.per_second:.1f}x"
    )


def _fastest(results: Sequence[Result]) -> Result:
    return max(results, key=lambda result: result.per_second)


if __name__ == "__main__":
    main()
