"""The URLs of queues lead to this server: SDKs send what they ask of a queue to its URL, and not to their endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.base.http import RequestHead
from carnet.gateway.queue_urls import at_own_address
from tests.gateway.behind import Behind, a_gateway
from tests.gateway.fake_aws import Told
from tests.gateway.test_older_form import ask

PLACE = "/123456789012/orders.fifo"
THEIRS = f"http://sqs.us-east-1.localhost.localstack.cloud:4566{PLACE}"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with a_gateway(tmp_path_factory.mktemp("queues")) as made:
        yield made.renew()


def head(host: str | None, *, secure: bool) -> RequestHead:
    headers = () if host is None else (("host", host),)
    return RequestHead(method="POST", path="/", query="", headers=headers, peer="192.0.2.1", secure=secure)


@pytest.mark.parametrize(
    ("told", "moved"),
    [
        ({"QueueUrl": THEIRS}, {"QueueUrl": f"https://carnet.example:4747{PLACE}"}),
        (
            {"QueueUrls": [THEIRS], "NextToken": "t"},
            {"QueueUrls": [f"https://carnet.example:4747{PLACE}"], "NextToken": "t"},
        ),
        ({"queueUrls": [THEIRS, "none"]}, {"queueUrls": [f"https://carnet.example:4747{PLACE}", "none"]}),
        ({"QueueUrl": f"{THEIRS}/more"}, {"QueueUrl": f"{THEIRS}/more"}),
        ({"QueueUrl": 5, "Other": THEIRS}, {"QueueUrl": 5, "Other": THEIRS}),
    ],
)
def test_where_a_queue_is(told: dict[str, Any], moved: dict[str, Any]) -> None:
    assert json.loads(at_own_address(head("carnet.example:4747", secure=True), json.dumps(told).encode())) == moved
    plain = json.dumps(moved).replace("https://carnet", "http://carnet")
    assert json.loads(
        at_own_address(head("carnet.example:4747", secure=False), json.dumps(told).encode())
    ) == json.loads(plain)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"{}"])
def test_what_tells_no_queue_is_as_it_came(body: bytes) -> None:
    assert at_own_address(head("carnet.example", secure=True), body) == body
    told = json.dumps({"QueueUrl": THEIRS}).encode()
    assert at_own_address(head(None, secure=True), told) == told


def test_clients_are_told_queues_at_the_address_that_they_have(behind: Behind) -> None:
    here = f"{behind.server.endpoint}/{behind.account}/q"
    theirs = f"https://upstream.example/{behind.account}/q"
    sqs = behind.client("sqs")
    for name in ("CreateQueue", "GetQueueUrl"):
        behind.aws.answers[name] = Told(body={"QueueUrl": theirs})
    many = [f"{theirs}{number:060}" for number in range(1_000)]  # so many are told at once
    behind.aws.answers["ListQueues"] = Told(body={"QueueUrls": many})
    behind.aws.answers["ListDeadLetterSourceQueues"] = Told(body={"queueUrls": [theirs]})
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == here
    assert sqs.get_queue_url(QueueName="q")["QueueUrl"] == here
    assert sqs.list_queues()["QueueUrls"] == [f"{here}{number:060}" for number in range(1_000)]
    assert sqs.list_dead_letter_source_queues(QueueUrl=here)["queueUrls"] == [here]
    assert f"<QueueUrl>{here}</QueueUrl>" in ask(behind, {"Action": "GetQueueUrl", "QueueName": "q"}).text


def test_a_queue_gets_no_name_that_queues_do_not_have(behind: Behind) -> None:
    with pytest.raises(ClientError, match=r"only include alphanumeric .* 1 to 80 in length") as failed:
        behind.client("sqs").create_queue(QueueName="orders/new")
    assert failed.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert "<Code>InvalidParameterValue</Code>" in ask(behind, {"Action": "CreateQueue", "QueueName": "a.b"}).text
