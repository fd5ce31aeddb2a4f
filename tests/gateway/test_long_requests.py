"""Requests that are longer than most."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from contextlib import suppress
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from carnet.base.faults import Unavailable
from carnet.base.http import HttpRequest
from carnet.gateway import gateway, long_requests
from carnet.gateway.long_requests import LongRequests
from carnet.gateway.longest import _OF_SERVICES, LONGEST, MOST_ZIPPED, longest
from carnet.gateway.rebuild import rebuilt
from carnet.gateway.upstreams import exchange
from carnet.gateway.upstreams.room import Room
from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

MB = 1024 * 1024
INVOKE = "/2015-03-31/functions/f/invocations"


def long_of(behind: Behind) -> LongRequests:
    found: Any = behind.server.frontend.streaming[-1]
    assert isinstance(found, LongRequests)
    return found


def test_a_payload_of_megabytes_reaches_the_function(behind: Behind) -> None:
    payload = b'"' + b"a" * (2 * MB) + b'"'
    behind.aws.answers[INVOKE] = Told(body=payload, headers={"content-type": "application/octet-stream"})
    answer = behind.client("lambda").invoke(FunctionName="f", Payload=payload)
    assert answer["Payload"].read() == payload
    assert behind.aws.requests[0].body == payload
    assert behind.last_event()["eventName"] == "Invoke"


def test_items_and_records_of_megabytes_are_sent_on(behind: Behind) -> None:
    item = {"k": {"S": "a"}, "data": {"B": bytes(300_000)}}
    batch = {"t": [{"PutRequest": {"Item": item | {"k": {"S": str(number)}}}} for number in range(5)]}
    behind.aws.answers["BatchWriteItem"] = Told(body={"UnprocessedItems": {}})
    behind.client("dynamodb").batch_write_item(RequestItems=batch)
    behind.aws.answers["PutRecords"] = Told(body={"Records": [], "FailedRecordCount": 0})
    records = [{"Data": bytes(MB), "PartitionKey": "k"}] * 2
    behind.client("kinesis").put_records(StreamName="s", Records=records)
    first, second = behind.aws.requests
    assert len(first.json["RequestItems"]["t"]) == 5
    assert base64.b64decode(second.json["Records"][1]["Data"]) == bytes(MB)


def test_others_go_on_while_one_is_read_and_made_anew(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    behind.client("dynamodb").put_item(TableName="t", Item={"k": {"S": "a"}})  # asks what is remembered of the table
    behind.aws.requests.clear()
    threads: list[str] = []

    def noted(work: Any) -> Any:
        def doing(*given: Any) -> Any:
            threads.append(threading.current_thread().name.partition("_")[0])
            return work(*given)

        return doing

    monkeypatch.setattr(gateway, "_read_input", noted(gateway._read_input))
    monkeypatch.setattr(exchange, "rebuilt", noted(rebuilt))
    item = {"k": {"S": "a"}, "data": {"S": "\u20ac" * 200_000}}
    behind.client("dynamodb").put_item(TableName="t", Item=item)
    assert threads == ["long-requests"] * 2
    behind.client("dynamodb").put_item(TableName="t", Item={"k": {"S": "a"}})
    assert len(threads) == 4
    assert "long-requests" not in threads[2:]
    assert behind.aws.requests[0].json["Item"]["data"] == item["data"]
    error = refusal(behind.client("dynamodb").put_item, TableName="t", Item=item, ReturnValues="NOPE")
    assert (error["Code"], behind.last_event()["requestParameters"]) == ("ValidationException", {"tableName": "t"})


def test_what_is_denied_is_not_sent(behind: Behind) -> None:
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "lambda:InvokeFunction", "Resource": "*"})
    error = refusal(behind.client("lambda").invoke, FunctionName="f", Payload=bytes(2 * MB))
    assert (error["Code"], error["status"]) == ("AccessDeniedException", 403)
    assert behind.aws.requests == []


def signed(behind: Behind, service: str, path: str, body: bytes, headers: dict[str, str], key_id: str = "") -> bytes:
    """A request as bytes, with a signature of all of it."""
    url = f"http://127.0.0.1:{behind.server.port}{path}"
    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    SigV4Auth(Credentials(key_id or behind.key[0], behind.key[1]), service, "us-east-1").add_auth(request)
    lines = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{behind.server.port}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "connection: close", "", ""]).encode() + body


def answer_to(behind: Behind, sent: bytes) -> tuple[int, bytes]:
    """Status and body. A refusal may come before all of the request is sent."""
    with socket.create_connection(("127.0.0.1", behind.server.port), timeout=60) as connection:
        said = b""
        with suppress(OSError):
            connection.sendall(sent)
        with suppress(ConnectionError):
            while piece := connection.recv(65536):
                said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def head_only(sent: bytes) -> bytes:
    return sent.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("kind", "most"), [({}, 6_291_456), ({"x-amz-invocation-type": "Event"}, MB)], ids=["answered", "event"]
)
def test_a_payload_has_lambdas_limit(behind: Behind, kind: dict[str, str], most: int) -> None:
    sent = signed(behind, "lambda", INVOKE, bytes(most + 1), kind)
    status, body = answer_to(behind, head_only(sent))  # nobody waits for the body
    assert status == 413
    assert json.loads(body) == {
        "message": f"Request must be smaller than {most} bytes for the InvokeFunction operation"
    }
    assert behind.aws.requests == []
    event = behind.last_event()
    assert (event["eventName"], event["errorCode"]) == ("Invoke", "RequestEntityTooLarge")
    behind.aws.answers[INVOKE] = Told(body={})
    assert answer_to(behind, signed(behind, "lambda", INVOKE, bytes(most), kind))[0] == 200


def test_unknown_keys_and_others_get_no_more_than_before(behind: Behind) -> None:
    """Neither do services that take no more, nor what is signed for one service and asks another."""
    too_long = bytes(MB + 1)
    target = {"x-amz-target": "DynamoDB_20120810.PutItem"}
    strangers = signed(behind, "lambda", INVOKE, too_long, {}, key_id="AKIA" + "A" * 16)
    of_kms = signed(behind, "kms", "/", too_long, {"x-amz-target": "TrentService.Encrypt"})
    of_iam = signed(behind, "iam", "/", too_long, {"content-type": "application/x-www-form-urlencoded"})
    crossed = signed(behind, "lambda", INVOKE, too_long, target)
    unsigned = (
        b"POST / HTTP/1.1\r\nhost: a\r\nx-amz-target: DynamoDB_20120810.PutItem\r\ncontent-length: 2000000\r\n\r\n"
    )
    for sent in (strangers, of_kms, of_iam, crossed, unsigned):
        status, body = answer_to(behind, head_only(sent))
        assert status == 413
        assert b"The request body is too long." in body
    assert behind.aws.requests == []


def test_a_body_that_is_not_the_signed_one_is_refused(behind: Behind) -> None:
    sent = signed(behind, "lambda", INVOKE, bytes(2 * MB), {})
    status, body = answer_to(behind, sent[:-1] + b"x")
    assert (status, b"signature" in body) == (403, True)
    assert behind.aws.requests == []


def small_rooms(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> tuple[Room, Room]:
    """Of which 5 MB are anybody's share."""
    found = long_of(behind)
    rooms = (found._of_accounts, found._of_networks)
    for room in rooms:
        monkeypatch.setattr(room, "_most", 10 * MB)
        monkeypatch.setattr(room, "_most_of_one", 5 * MB)
    return rooms


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_requests, "_PATIENCE", 0.3)


def test_who_sends_nothing_leaves_room_to_others(behind: Behind, hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does who sends too slowly keep his part."""
    monkeypatch.setattr(long_requests, "_SLOWEST", MB)
    rooms = small_rooms(behind, monkeypatch)
    sent = signed(behind, "lambda", INVOKE, bytes(3 * MB), {})
    behind.aws.answers[INVOKE] = Told(body={})
    with socket.create_connection(("127.0.0.1", behind.server.port), timeout=15) as slow:  # sooner than who stalls
        slow.sendall(head_only(sent))
        status, body = answer_to(behind, sent)
        assert (status, b"Too many long requests" in body) == (503, True)
        assert b"408" in slow.recv(65536)
    assert answer_to(behind, sent)[0] == 200
    assert all(room._in_use == 0 for room in rooms)


@pytest.mark.parametrize("second", [("1" * 12, "b"), ("2" * 12, "a")], ids=["account", "network"])
def test_no_account_and_no_network_has_more_than_half(
    behind: Behind, hasty: None, monkeypatch: pytest.MonkeyPatch, second: tuple[str, str]
) -> None:
    """Whatever good keys the requests from a network name."""
    rooms, found = small_rooms(behind, monkeypatch), long_of(behind)

    async def test() -> None:
        async with found._hold_room("1" * 12, "a", 3 * MB):
            with pytest.raises(Unavailable):
                async with found._hold_room(*second, 3 * MB):
                    raise AssertionError
            async with found._hold_room("2" * 12, "b", 3 * MB):
                pass

    asyncio.run(test())
    assert all(room._in_use == 0 for room in rooms)


def test_a_stranger_in_one_network_leaves_room_to_the_account_whose_key_he_names(behind: Behind, hasty: None) -> None:
    found, account = long_of(behind), "1" * 12

    async def test() -> None:
        async with found._hold_room(account, "a", LONGEST):
            with pytest.raises(Unavailable):
                async with found._hold_room(account, "a", MB):
                    raise AssertionError
            async with found._hold_room(account, "b", 28 * MB):
                pass

    asyncio.run(test())


def test_limits_of_services(behind: Behind) -> None:
    def head(**headers: str) -> HttpRequest:
        return HttpRequest(
            method="POST", path="/", query="", headers=tuple(headers.items()), peer="", secure=False, body=b""
        )

    assert longest("lambda", "CreateFunction", head()) == longest("lambda", "PublishLayerVersion", head()) == 70_167_211
    assert longest("lambda", "CreateFunction", head()) == LONGEST
    assert max(most for service in _OF_SERVICES.values() for most in service.values()) == LONGEST
    assert longest("dynamodb", "BatchWriteItem", head()) == longest("dynamodb", "GetItem", head()) == 16 * MB
    assert longest("lambda", "ListFunctions", head()) == longest("kms", "Encrypt", head()) == 0
    assert longest("sqs", "", head()) == 6 * MB


def test_a_zip_has_lambdas_limit(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_ZIPPED == 52_428_800
    monkeypatch.setattr("carnet.gateway.checks.services.lambda_.MOST_ZIPPED", 1_000)
    functions = behind.client("lambda")
    behind.aws.answers["/2015-03-31/functions/f/code"] = Told(body={})
    functions.update_function_code(FunctionName="f", ZipFile=bytes(1_000))
    error = refusal(functions.update_function_code, FunctionName="f", ZipFile=bytes(1_001))
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"] == "Zipped size must be smaller than 1000 bytes"
    given = {"Role": f"arn:aws:iam::{behind.account}:role/r", "Handler": "h", "Runtime": "python3.13"}
    for call, more in (
        (functions.create_function, {"FunctionName": "f", "Code": {"ZipFile": bytes(1_001)}, **given}),
        (functions.publish_layer_version, {"LayerName": "l", "Content": {"ZipFile": bytes(1_001)}}),
    ):
        assert refusal(call, **more)["Message"] == "Zipped size must be smaller than 1000 bytes"
    assert len(behind.aws.requests) == 1
