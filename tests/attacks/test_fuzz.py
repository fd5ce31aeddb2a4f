"""Thousands of requests that mean nothing: each is answered, none by a failure, each leaves one event."""

from __future__ import annotations

import json
import random
import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from carnet import models
from carnet.entities.user import User
from carnet.server.limits import Limits
from tests.attacks.fuzz_wire import Broken, WireFuzz, new_root
from tests.attacks.hostile import NASTY
from tests.attacks.wire import Answer, Connection, as_bytes, audit, root_of, signed_request
from tests.server.in_process import InProcessServer
from tests.wire.samples import Samples

SEED = 20260102
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
SLOWEST = 2_000
"""A request is slow that takes so many times as long as a GetCallerIdentity, in time of the processor."""


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


@pytest.fixture
def wire_fuzz(server: InProcessServer) -> Iterator[WireFuzz]:
    with closing(WireFuzz(server, SEED)) as made:
        yield made


def test_requests_of_every_operation_right_and_wrong(wire_fuzz: WireFuzz) -> None:
    for _ in range(2500):
        wire_fuzz.send_next()
    assert {200, 400, 403, 404, 409} <= {status for _, status in wire_fuzz.answered}
    carried_out = {name for name, status in wire_fuzz.answered if status == 200}
    assert len(carried_out) > 75


REFUSAL = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/xml"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=500), "status 500"),
        (Answer(status=503), "status 503"),
        (Answer(status=0), "status 0"),
        (Answer(status=400, head=REFUSAL, body=b"<ErrorResponse>"), "cannot read"),
        (Answer(status=400, head=REFUSAL, body=b"<ErrorResponse/>"), "without a code"),
    ],
)
def test_the_fuzzer_tells_what_is_broken(
    wire_fuzz: WireFuzz, monkeypatch: pytest.MonkeyPatch, answer: Answer, told: str
) -> None:
    of_iam = [operation for operation in wire_fuzz._operations if operation.service.name == "iam"]
    monkeypatch.setattr(wire_fuzz, "_operations", of_iam)
    monkeypatch.setattr(Connection, "send", lambda *_: answer)
    with pytest.raises(Broken, match=told):
        wire_fuzz.send_next()


def test_the_fuzzer_tells_of_a_silent_server(wire_fuzz: WireFuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    def time_out(*_: object) -> Answer:
        raise TimeoutError

    monkeypatch.setattr(Connection, "send", time_out)
    with pytest.raises(Broken, match="no answer"):
        wire_fuzz.send_next()


def test_the_fuzzer_tells_of_a_refused_request_that_changed_something(
    server: InProcessServer, wire_fuzz: WireFuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_but_change(*_: object) -> Answer:
        new_root(server)
        return Answer(status=400, head=REFUSAL, body=b"<E><Error><Code>Throttling</Code></Error></E>")

    monkeypatch.setattr(Connection, "send", refuse_but_change)
    with pytest.raises(Broken, match="changed the store"):
        wire_fuzz.send_next()


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
    monkeypatch.setattr(server.frontend, "limits", Limits(request_seconds=0.05))
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
    posted = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    starts = (b"", b"GET / HTTP/1.1\r\n", posted, b"GET /?")
    for _ in range(500):
        noise, start = fuzz.random.randbytes(fuzz.random.randrange(1, 200)) + b"\r\n\r\n", fuzz.random.choice(starts)
        expected = 400 if start is not posted else 403 if len(noise) >= 9 else 408
        monkeypatch.setattr(server.frontend, "limits", Limits(request_seconds=0.05 if expected == 408 else 60))
        assert fuzz.send(start + noise).status == expected
        fuzz.hang_up()
