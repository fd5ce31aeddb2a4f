"""Thousands of requests that mean nothing: each is answered, none by a failure, each leaves one event."""

from __future__ import annotations

import json
import random
import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import pytest

from carnet import models
from carnet.entities.user import User
from carnet.server.limits import Limits
from tests.attacks.wire import Answer, Connection, as_bytes, audit, root_of, signed_request
from tests.server.in_process import InProcessServer
from tests.wire.samples import Samples

SEED = 20260102
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
SLOWEST = 2_000
"""A request is slow that takes so many times as long as a GetCallerIdentity, in time of the processor."""
NASTY = (
    "",
    " ",
    "\x00",
    "\x1b[2J",
    "\r\n",
    "\u2028",
    "\ufeff",
    "\U0010ffff",
    "\u0130\u017f\u212a",
    "%",
    "%00",
    "${aws:username}",
    "*",
    "../../etc/passwd",
    "' OR 1=1 --",
    "<![CDATA[",
    "&#0;",
    "1_000",
    " 5",
    "+5",
    "-1",
    "\u0663",
    "1e400",
    "NaN",
    "9" * 19,
    "9" * 5000,
    "-9223372036854775808",
    "0x10",
    "true",
    "True",
    "2026-02-30T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::123456789012:role/x",
    "arn:" * 500,
    "arn:aws:iam::" + ":" * 1000,
    "[" * 100_000,
    '{"a":' * 20_000,
    '{"Version":"2012-10-17","Statement":[' + "[" * 5000,
    '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"\\ud800","Resource":"*"}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Condition":{"NumericEquals":{"a":1e999999999}}}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"' + "*a" * 50_000 + '","Resource":"*"}}',
    '"' + "\\" * 100_001,
    "a" * 131_073,
)
"""Values that parsers elsewhere have fallen over."""


class Fuzz:
    """Makes requests, and keeps what the answers promise."""

    def __init__(self, server: InProcessServer) -> None:
        self.random = random.Random(SEED)
        self._server = server
        self._connection = Connection(server)
        who = as_bytes(signed_request(server, root_of(server), WHO, service="sts"))
        self._usual = min(self._timed(who)[1] for _ in range(20))
        self._seen = {event["requestID"] for event in audit(server)}
        self.told: list[str] = []

    def _timed(self, raw: bytes) -> tuple[Answer, float]:
        """The answer, and the processor's seconds that it took this process, which serves."""
        start = time.process_time()
        answer = self._connection.send(raw)
        return answer, time.process_time() - start

    def send(self, raw: bytes) -> Answer:
        answer, spent = self._timed(raw)
        if spent >= SLOWEST * self._usual:  # what is slow once has loaded a model; an attack is slow each time
            self.told += re.findall(r"(?i)x-amzn-requestid: (\S+)", answer.head)
            answer, spent = self._timed(raw)
        assert spent < SLOWEST * self._usual, raw[:2000]
        assert answer.status == 501 or answer.status < 500, (answer, raw[:2000])
        if "text/xml" in answer.head:
            ElementTree.fromstring(answer.body)
        found = re.search(r"(?i)x-amzn-requestid: (\S+)", answer.head)
        if found:
            self.told.append(found[1])
        return answer

    def hang_up(self) -> None:
        self._connection.close()

    def events(self) -> list[str]:
        """The request ids of the events since the start."""
        return [event["requestID"] for event in audit(self._server) if event["requestID"] not in self._seen]

    def check_audit(self) -> None:
        """Each answer has one event of its own."""
        events = self.events()
        assert len(events) == len(set(events))
        assert set(self.told) <= set(events)


@pytest.fixture
def fuzz(server: InProcessServer) -> Iterator[Fuzz]:
    made = Fuzz(server)
    yield made
    made.hang_up()
    made.check_audit()


def operations(*services: str) -> list[models.Operation]:
    return [operation for name in services for operation in models.service(name).operations.values()]


def flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Members as form fields, more or less."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from flat(member, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from flat(item, f"{prefix}.member.{number}")
    else:
        yield prefix, str(value)


def form(fuzz: Fuzz, operation: models.Operation) -> bytes:
    """A form for an operation, with some values, and some names, replaced by nasty ones."""
    choice, chance = fuzz.random.choice, fuzz.random.random
    shape = operation.input
    given = Samples(fuzz.random.randrange(1 << 30), forms=True).structure(shape) if shape is not None else {}
    fields = [("Action", operation.name), ("Version", operation.service.api_version), *flat(given)]
    bent = [
        (name, choice(NASTY) if index > 1 and chance() < 0.4 else value) for index, (name, value) in enumerate(fields)
    ]
    if chance() < 0.1:
        bent.append((choice(bent)[0] + choice(("", ".1", ".member.1", ".", "..", ".member.999999999")), choice(NASTY)))
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in bent).encode()[: Limits().body]


def test_nasty_values_of_every_query_operation(server: InProcessServer, fuzz: Fuzz) -> None:
    requests = (
        signed_request(server, root_of(server), form(fuzz, operation), service=operation.service.name)
        for _ in range(3)
        for operation in operations("iam", "sts")
    )
    answers = [fuzz.send(as_bytes(request)) for request in requests]
    assert {200, 400, 412} <= {answer.status for answer in answers}
    assert len(fuzz.events()) == len(answers)


def as_json(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value.hex()


def test_nasty_bodies_of_every_json_operation(server: InProcessServer, fuzz: Fuzz) -> None:
    for operation in operations("organizations", "sso-admin", "identitystore"):
        given = Samples(operation.name, forms=False).structure(operation.input) if operation.input is not None else {}
        body = json.dumps(given, default=as_json)
        for old, new in (("", ""), (":", ":-"), ('"', fuzz.random.choice(NASTY)), ("{", '{"a":1e400,'), ("}", "]" * 5)):
            target = f"{operation.service.target_prefix}.{operation.name}"
            headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
            bent = body.replace(old, new, 1).encode("utf-8", "surrogatepass")
            request = signed_request(
                server, root_of(server), bent, service=operation.service.signing_name, headers=headers
            )
            fuzz.send(as_bytes(request))
    assert len(fuzz.events()) == len(fuzz.told) > 300


def names(server: InProcessServer) -> list[str]:
    view = server.installation.directory.snapshot.accounts[server.root.account]
    return [user.name for user in view.of(User).sorted()]


def test_bytes_of_a_signed_request_changed_at_random(
    server: InProcessServer, fuzz: Fuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.door, "limits", Limits(request_seconds=0.05))
    body = b"Action=CreateUser&Version=2010-05-08&UserName=a%2Bb&Tags.member.1.Key=k&Tags.member.1.Value=v"
    before = names(server)
    genuine = as_bytes(signed_request(server, root_of(server), body))
    length_at = genuine.index(b"content-length")
    changed = 0
    for _ in range(2500):
        raw = bytearray(genuine)
        for _ in range(fuzz.random.choice((1, 1, 1, 2, 5))):
            at = fuzz.random.randrange(len(raw))
            # A longer or shorter body would only have the test wait.
            if not length_at <= at < length_at + 40:
                raw[at] = fuzz.random.randrange(256)
        if bytes(raw) == genuine:
            continue
        changed += 1
        fuzz.send(bytes(raw))
        fuzz.hang_up()
    assert changed > 2000
    assert len(fuzz.events()) == len(fuzz.told)
    assert names(server) == before


def test_random_bytes(server: InProcessServer, fuzz: Fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.door, "limits", Limits(request_seconds=0.05))
    posted = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    starts = (b"", b"GET / HTTP/1.1\r\n", posted, b"GET /?")
    for _ in range(500):
        noise, start = fuzz.random.randbytes(fuzz.random.randrange(1, 200)) + b"\r\n\r\n", fuzz.random.choice(starts)
        expected = 400 if start is not posted else 403 if len(noise) >= 9 else 408
        assert fuzz.send(start + noise).status == expected
        fuzz.hang_up()
