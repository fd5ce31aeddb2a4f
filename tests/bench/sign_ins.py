"""Whether a flood of passwords slows signed calls: `python -m tests.bench.sign_ins`.

A process of its own sends passwords at a steady rate, by as many users as it has connections: ChangePassword with wrong
ones, of which most are refused before they are looked at, and UpdateLoginProfile with new ones, which are hashed. The
figures are the signed calls a second of one connection without the flood and during it, in turns, and how the flood was
answered. One processor is taken by hashing, and the flood's own client takes a part of another: with fewer than three
that are idle, the ratio tells more of the machine than of the server.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.credentials import Credentials

from tests.bench.load import load, signed
from tests.clients.running import RunningServer, running_server

_SECONDS = 2.0
_ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}'
_WRONG = {"Action": "ChangePassword", "OldPassword": "Wrong-Word-1!", "NewPassword": "Other-Word-2?"}
_NEW = {"Action": "UpdateLoginProfile", "Password": "Other-Word-2?"}
_WHO = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--connections", type=int, default=40)
    arguments.add_argument("--rate", type=float, default=100, help="wrong passwords a second")
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory, running_server(Path(directory) / "data") as server:
        root = Credentials(server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
        users = {name: _user(server, root, name) for name in (f"user-{number}" for number in range(given.connections))}
        for form in (_WRONG, _NEW):
            flood = [_request(server, key, form, name) for name, key in users.items()]
            print(f"{form['Action']:<20} {_compared(server, root, flood, given.rate, given.rounds)}")


def _compared(server: RunningServer, root: Credentials, flood: Sequence[bytes], rate: float, rounds: int) -> str:
    quiet, flooded = [], []
    answers: Counter[int] = Counter()
    for _ in range(rounds):
        quiet.append(_calls_a_second(server, root))
        with _flood(server, flood, rate, answers):
            flooded.append(_calls_a_second(server, root))
    without, during = statistics.median(quiet), statistics.median(flooded)
    told = ", ".join(f"{status}: {count}" for status, count in sorted(answers.items()))
    return f"{without:,.0f} a second, {during:,.0f} in the flood: {during / without:.2f}; it was answered {told}"


def _user(server: RunningServer, root: Credentials, name: str) -> Credentials:
    """A new user with a password; its access key."""
    given: Any = {"aws_access_key_id": root.access_key, "aws_secret_access_key": root.secret_key}
    iam = boto3.client("iam", endpoint_url=server.endpoint, region_name="us-east-1", **given)
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=_ALLOW)
    iam.create_login_profile(UserName=name, Password="Right-Word-1!")
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _request(server: RunningServer, key: Credentials, form: Mapping[str, str], name: str) -> bytes:
    given = {"Version": "2010-05-08", **form} | ({"UserName": name} if form is _NEW else {})
    return signed(server.endpoint, "iam", urlencode(given), key)


def _calls_a_second(server: RunningServer, root: Credentials) -> float:
    request = signed(server.endpoint, "sts", _WHO, root)
    return load(server.endpoint, [request], pid=server.process.pid, seconds=_SECONDS, connections=1).per_second


@contextmanager
def _flood(server: RunningServer, requests: Sequence[bytes], rate: float, answers: Counter[int]) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    begun, over, told = context.Event(), context.Event(), context.SimpleQueue()
    process = context.Process(target=_send, args=(server.endpoint, requests, rate, begun, over, told))
    process.start()
    begun.wait()
    time.sleep(0.2)
    try:
        yield
    finally:
        over.set()
        answers.update(told.get())
        process.join()


def _send(endpoint: str, requests: Sequence[bytes], rate: float, begun: Event, over: Event, told: Any) -> None:
    with ThreadPoolExecutor(len(requests)) as threads:
        sending = [
            threads.submit(_again_and_again, endpoint, request, len(requests) / rate, over) for request in requests
        ]
        begun.set()
        counts: Counter[int] = Counter()
        for each in sending:
            counts.update(each.result())
    told.put(counts)


def _again_and_again(endpoint: str, request: bytes, pause: float, over: Event) -> Counter[int]:
    """Send it with pauses of so many seconds; how often each status was answered."""
    at, answers = urlsplit(endpoint), Counter[int]()
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    connection = HTTPConnection(at.hostname or "", at.port, timeout=30)
    while not over.wait(pause):
        connection.request("POST", "/", body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        answers[answer.status] += 1
        if answer.will_close:
            connection.close()
    connection.close()
    return answers


if __name__ == "__main__":
    main()
