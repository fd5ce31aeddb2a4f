"""Accounts that call too often, and networks of which too many prove nothing, are told to come back later."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from msgspec.structs import replace

from carnet.assembly.worker import make_frontend
from carnet.base.http import HttpRequest, HttpResponse
from carnet.server.aws_frontend import AwsFrontend
from carnet.server.fairness.rates import Rates
from carnet.server.fairness.throttle import LONGEST_PAUSE, Throttle
from carnet.server.outbox import Answer
from tests.server.in_process import in_process_server
from tests.services.world import World, open_world
from tests.sigv4.signing import FORM, sign

LIMITS = "reads=10:20,writes=5:10,sts=20:30,failures=4:5"
STRANGER, NEIGHBOUR, ELSEWHERE = "203.0.113.9", "203.0.113.200", "198.51.100.1"
USERS = b"Action=ListUsers&Version=2010-05-08"
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
FOREIGN = "AKIAQNZGKIQY56JQ7WML"


@dataclass
class Asked:
    """A frontend with limits, whose time stands still until it is turned."""

    world: World
    stack: ExitStack
    loop: asyncio.Runner
    seconds: float = 1000.0
    frontend: AwsFrontend = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Full buckets."""
        self.frontend = make_frontend(self.world.installation, self.stack, seconds=lambda: self.seconds)

    def answer(self, request: HttpRequest) -> Answer:
        answer = self.frontend.answer(request)
        return answer if isinstance(answer, Answer) else self.loop.run(answer)

    def call(
        self,
        body: bytes = USERS,
        service: str = "iam",
        headers: Mapping[str, str] | None = None,
        key: tuple[str, str] | None = None,
        peer: str = STRANGER,
    ) -> Answer:
        chosen = key or (self.world.root.key_id, self.world.root.secret)
        request = _signed(body, service, tuple((headers or {"Content-Type": FORM}).items()), chosen, self.world.clock())
        return self.answer(replace(request, peer=peer))


@lru_cache
def _signed(
    body: bytes, service: str, headers: tuple[tuple[str, str], ...], key: tuple[str, str], at: datetime
) -> HttpRequest:
    url = f"https://{service}.amazonaws.com/"
    return sign(url=url, body=body, headers=dict(headers), service=service, at=at, key_id=key[0], secret=key[1])


def status(answer: Answer) -> int:
    return answer.response.status


def told(answer: Answer) -> tuple[int, str, str]:
    response = answer.response
    assert isinstance(response, HttpResponse)
    text = response.body.decode()
    if text.startswith("{"):
        members = json.loads(text)
        return response.status, members["__type"], members.get("message") or members.get("Message")
    return (response.status, *(re.findall(f"<{name}>(.*?)</{name}>", text)[0] for name in ("Code", "Message")))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("throttling"), limits=LIMITS) as made:
        yield made


@pytest.fixture
def asked(world: World) -> Iterator[Asked]:
    with ExitStack() as stack, asyncio.Runner() as loop:
        yield Asked(world, stack, loop)


def test_reads_of_an_account(asked: Asked) -> None:
    assert [status(asked.call()) for _ in range(20)] == [200] * 20
    assert told(asked.call()) == (400, "Throttling", "Rate exceeded")
    asked.seconds += 0.1
    assert status(asked.call()) == 200
    assert status(asked.call()) == 400


def test_writes_have_a_bucket_of_their_own(asked: Asked) -> None:
    body = b"Action=DeleteUser&UserName=nobody&Version=2010-05-08"
    assert [told(asked.call(body))[1] for _ in range(10)] == ["NoSuchEntity"] * 10
    assert told(asked.call(body)) == (400, "Throttling", "Rate exceeded")
    assert status(asked.call()) == 200


def test_sts_has_a_bucket_of_its_own(asked: Asked) -> None:
    assert [status(asked.call(WHO, "sts")) for _ in range(30)] == [200] * 30
    assert told(asked.call(WHO, "sts")) == (400, "Throttling", "Rate exceeded")
    assert status(asked.call()) == 200


def test_another_account_has_buckets_of_its_own(asked: Asked) -> None:
    other = asked.world.account()
    for _ in range(21):
        asked.call()
    assert status(asked.call(key=(other.key_id, other.secret))) == 200


JSON = {"Content-Type": "application/x-amz-json-1.1"}
BY_SERVICE = [
    ("organizations", JSON | {"X-Amz-Target": "AWSOrganizationsV20161128.ListRoots"}, "TooManyRequestsException", 400),
    (
        "cloudtrail",
        JSON | {"X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"},
        "ThrottlingException",
        400,
    ),
    (
        "tagging",
        JSON | {"X-Amz-Target": "ResourceGroupsTaggingAPI_20170126.GetTagKeys"},
        "ThrottledException",
        400,
    ),
    ("dynamodb", JSON | {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, "ThrottlingException", 400),
]


@pytest.mark.parametrize(("service", "headers", "code", "expected"), BY_SERVICE)
def test_each_service_has_its_error(
    asked: Asked, service: str, headers: Mapping[str, str], code: str, expected: int
) -> None:
    for _ in range(20):
        assert status(asked.call(b"{}", service, headers)) != 429
    assert told(asked.call(b"{}", service, headers)) == (expected, code, "Rate exceeded")


def test_ec2_has_its_error(asked: Asked) -> None:
    body = b"Action=DescribeInstances&Version=2016-11-15"
    answers = [told(asked.call(body, "ec2"))[1] for _ in range(21)]
    assert answers[-1] == "RequestLimitExceeded"
    assert "RequestLimitExceeded" not in answers[:-1]


def test_a_throttled_call_is_in_the_audit_log_but_not_many_of_them(asked: Asked) -> None:
    for _ in range(20):
        asked.call()
    refused = [asked.call() for _ in range(500)]
    events = [json.loads(answer.event) for answer in refused if answer.event]
    assert len(events) == 10
    assert {event["errorCode"] for event in events} == {"Throttling"}
    assert events[0]["userIdentity"]["type"] == "Root"
    assert events[0]["eventName"] == "ListUsers"
    asked.seconds += 1
    for _ in range(10):
        asked.call()
    (later,) = (json.loads(answer.event) for answer in (asked.call() for _ in range(3)) if answer.event)
    assert later["additionalEventData"]["callsThrottledBefore"] == 490


def test_who_goes_on_calling_is_read_from_less_and_less(asked: Asked) -> None:
    for _ in range(20):
        assert asked.call().pause == 0
    pauses = [asked.call().pause for _ in range(1000)]
    assert pauses[0] == 0
    assert pauses[200] == pytest.approx(1.0, abs=0.1)
    assert max(pauses) <= LONGEST_PAUSE + 0.1
    assert pauses[-1] > LONGEST_PAUSE - 0.1


def test_failures_of_a_network(asked: Asked) -> None:
    wrong = (asked.world.root.key_id, "0" * 40)
    codes = [told(asked.call(key=wrong, peer=peer))[1] for peer in (STRANGER, NEIGHBOUR) * 3]
    assert codes == ["SignatureDoesNotMatch"] * 5 + ["Throttling"]
    assert told(asked.call(key=wrong, peer=ELSEWHERE))[1] == "SignatureDoesNotMatch"
    asked.seconds += 0.25
    assert told(asked.call(key=wrong))[1] == "SignatureDoesNotMatch"


def test_a_failure_is_told_in_the_form_of_what_was_sent(asked: Asked) -> None:
    headers = JSON | {"X-Amz-Target": "AWSOrganizationsV20161128.NoSuch"}
    answers = [asked.call(b"{}", "organizations", headers, key=(FOREIGN, "0" * 40)) for _ in range(6)]
    assert "Throttling" not in told(answers[4])[1]
    assert told(answers[5]) == (400, "TooManyRequestsException", "Rate exceeded")


@pytest.mark.parametrize("body", [USERS, b"Action=NoSuch&Version=2010-05-08", b"", b"Version=2010-05-08"])
def test_requests_without_a_signature_are_failures(asked: Asked, body: bytes) -> None:
    request = HttpRequest(
        method="POST",
        path="/",
        query="",
        headers=(("host", "x"), ("content-type", FORM)),
        body=body,
        peer=STRANGER,
        secure=False,
    )
    codes = [told(asked.answer(request))[1] for _ in range(6)]
    assert codes[-1] == "Throttling"
    assert "Throttling" not in codes[:-1]


def test_who_signs_well_is_served_behind_the_same_address(asked: Asked) -> None:
    for _ in range(50):
        asked.call(key=(FOREIGN, "0" * 40))
    assert told(asked.call(key=(FOREIGN, "0" * 40)))[1] == "Throttling"
    assert status(asked.call()) == 200
    assert status(asked.call(WHO, "sts", peer=NEIGHBOUR)) == 200


def test_no_signature_is_computed_for_strangers_beyond_the_limit(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[object] = []
    monkeypatch.setattr("carnet.sigv4.verify.hmac.compare_digest", lambda *given: computed.append(given))
    for _ in range(100):
        asked.call(key=(FOREIGN, "0" * 40))
    assert len(computed) == 5


def test_failures_fill_no_log(asked: Asked) -> None:
    wrong = (asked.world.root.key_id, "0" * 40)
    events = [answer.event for answer in (asked.call(key=wrong) for _ in range(300)) if answer.event]
    assert len(events) == 5 + 10


def test_networks_together_fill_no_log(asked: Asked) -> None:
    throttled = 0
    for number in range(40):
        for _ in range(20):
            answer = asked.call(b"", peer=f"10.{number}.0.1", key=(FOREIGN, "0" * 40))
            throttled += bool(answer.event) and told(answer)[1] == "Throttling"
    assert throttled == 100


def test_without_limits_nobody_is_told_to_come_back_later() -> None:
    throttle = Throttle(None, lambda key_id, token: None, lambda: 0.0)
    for _ in range(2000):
        throttle.admit("111122223333", "iam", writes=True)
        throttle.fail(STRANGER)
    assert STRANGER not in throttle


def test_a_flood_of_addresses_takes_no_memory() -> None:
    throttle = Throttle(Rates(), lambda key_id, token: None, lambda: 0.0)
    for number in range(40_000):
        throttle.fail(f"2001:db8:{number >> 8:x}:{number & 255:x}::1")
    assert len(throttle._failures) == 16_384


def test_own_api_counts_too(asked: Asked) -> None:
    request = HttpRequest(
        method="GET",
        path="/_carnet/v1/accounts",
        query="",
        headers=(("host", "x"), ("authorization", "Bearer carnet_ot_" + "0" * 64)),
        body=b"",
        peer="127.0.0.1",
        secure=True,
    )
    answers = [asked.answer(request) for _ in range(6)]
    assert [status(answer) for answer in answers] == [401] * 5 + [429]
    assert dict(answers[-1].response.headers)["retry-after"] == "1"


def test_sdks_try_again_and_succeed(tmp_path: Path) -> None:
    with in_process_server(tmp_path, limits="reads=4:1,writes=4:1") as server:
        make: Any = boto3.client
        given = {
            "endpoint_url": server.endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": server.root.access_key_id,
            "aws_secret_access_key": server.root.secret_access_key,
        }
        retrying = Config(retries={"mode": "standard", "total_max_attempts": 8})
        iam = make("iam", config=retrying, **given)
        answers = [iam.list_users() for _ in range(3)]
        assert sum(answer["ResponseMetadata"]["RetryAttempts"] for answer in answers) >= 1
        organizations = make("organizations", config=retrying, **given)
        organizations.create_organization()
        answers = [organizations.describe_organization() for _ in range(3)]
        assert sum(answer["ResponseMetadata"]["RetryAttempts"] for answer in answers) >= 1
