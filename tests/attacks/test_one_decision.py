"""However a call is written, it is decided and recorded once, in one way; what contradicts itself does nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from carnet.base.http import HttpRequest
from tests.attacks.wire import Answer, Holder, as_bytes, audit, presigned, send, signed_request
from tests.server.in_process import InProcessServer

NewUser = Callable[..., tuple[str, Holder]]
FORM, JSON_0, JSON_1 = "application/x-www-form-urlencoded", "application/x-amz-json-1.0", "application/x-amz-json-1.1"
DENIES = {"Effect": "Deny", "Action": "iam:GetUser", "Resource": "*"}
DENIES_ROOTS = {"Effect": "Deny", "Action": "organizations:ListRoots", "Resource": "*"}
ALLOWS = {"Effect": "Allow", "Action": "*", "Resource": "*"}
IN_THE_CLEAR = {"Bool": {"aws:SecureTransport": "false"}}
DENIES_IN_THE_CLEAR = {"Effect": "Deny", "Action": "iam:DeleteUser", "Resource": "*", "Condition": IN_THE_CLEAR}


def recorded(server: InProcessServer, raw: bytes) -> tuple[Answer, list[dict[str, Any]]]:
    """What a request is answered, and the events that it has made."""
    before = len(audit(server))
    answer = send(server, raw)
    return answer, audit(server)[before:]


def outcome(server: InProcessServer, raw: bytes) -> tuple[int, str, str]:
    answer, events = recorded(server, raw)
    (event,) = events
    told = ("eventSource", "eventName", "requestParameters", "errorCode", "errorMessage")
    return (answer.status, json.dumps([event.get(name) for name in told]), event["userIdentity"]["arn"])


def written(server: InProcessServer, holder: Holder, given: Mapping[str, str]) -> Iterator[bytes]:
    """One call of the query protocol in each way in which clients write it."""
    body = urlencode(given)
    for media_type in (FORM, f"{FORM}; charset=utf-8", FORM.title(), f"{FORM} ;charset=UTF-8"):
        yield as_bytes(signed_request(server, holder, body.encode(), headers={"content-type": media_type}))
    yield as_bytes(signed_request(server, holder, body.encode(), headers={}))
    yield as_bytes(signed_request(server, holder, b"", method="GET", target=f"/?{body}", headers={}))
    yield as_bytes(signed_request(server, holder, b"", method="POST", target=f"/?{body}", headers={}))
    yield as_bytes(presigned(server, holder, f"/?{body}", service="iam"))
    backwards = urlencode(list(given.items())[::-1])
    yield as_bytes(signed_request(server, holder, backwards.encode(), headers={"content-type": FORM}))
    first, *rest = given.items()
    split = signed_request(
        server, holder, urlencode(rest).encode(), target=f"/?{urlencode([first])}", headers={"content-type": FORM}
    )
    yield as_bytes(split)


@pytest.mark.parametrize("statement", [DENIES, ALLOWS], ids=["denied", "allowed"])
def test_a_query_is_decided_in_one_way_however_it_is_written(
    server: InProcessServer, new_user: NewUser, statement: dict[str, str]
) -> None:
    name, holder = new_user(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    given = {"Action": "GetUser", "Version": "2010-05-08", "UserName": name}
    outcomes = {outcome(server, raw) for raw in written(server, holder, given)}
    assert [status for status, *_ in outcomes] == [200 if statement is ALLOWS else 403]


TARGET = "AWSOrganizationsV20161128.ListRoots"


def in_json(server: InProcessServer, holder: Holder, media_type: str) -> bytes:
    headers = {"content-type": media_type, "x-amz-target": TARGET}
    return as_bytes(signed_request(server, holder, b"{}", service="organizations", headers=headers))


@pytest.mark.parametrize("statement", [DENIES_ROOTS, ALLOWS], ids=["denied", "allowed"])
def test_both_versions_of_json_are_decided_in_one_way(
    server: InProcessServer, new_user: NewUser, statement: dict[str, str]
) -> None:
    _, holder = new_user(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    media_types = (JSON_0, JSON_1, f"{JSON_1}; charset=utf-8", JSON_1.upper())
    outcomes = {outcome(server, in_json(server, holder, each)) for each in media_types}
    code = "AccessDeniedException" if statement is DENIES_ROOTS else "AWSOrganizationsNotInUseException"
    assert [(status, code in told) for status, told, _ in outcomes] == [(400, True)]


AS_BEFORE = ""
LINES = {
    b"x-amz-target: AWSOrganizationsV20161128.ListRoots": "MalformedInput",
    b"x-amz-target: IAM.DeleteUser": "MalformedInput",
    b"x-amz-security-token: another": "SignatureDoesNotMatch",
    b"x-amz-date: 20260102T030405Z": "IncompleteSignature",
    b"x-amz-content-sha256: UNSIGNED-PAYLOAD": "SignatureDoesNotMatch",
    b"x-amz-source-arn: arn:aws:iam::123456789012:root": "SignatureDoesNotMatch",
    b"x-amz-source-account: 123456789012": "SignatureDoesNotMatch",
    b"x-amz-mfa: arn:aws:iam::123456789012:mfa/x 123456": "SignatureDoesNotMatch",
    b"authorization: Bearer x": "IncompleteSignature",
    b"content-type: application/json": "IncompleteSignature",
    b"host: sts.amazonaws.com": "MalformedHttpRequestException",
    b"content-length: 0": "MalformedHttpRequestException",
    b"transfer-encoding: chunked": "MalformedHttpRequestException",
    b"x-http-method-override: DELETE": AS_BEFORE,
    b"x-forwarded-for: 10.0.0.1": AS_BEFORE,
    b"x-forwarded-proto: https": AS_BEFORE,
    b"forwarded: for=10.0.0.1;proto=https;host=sts.amazonaws.com": AS_BEFORE,
    b"smithy-protocol: rpc-v2-cbor": AS_BEFORE,
}
"""Header lines behind those of a signed request, and the code of its error, if it is not the one that it was."""


@pytest.fixture(scope="module")
def denied(server: InProcessServer) -> Iterator[tuple[HttpRequest, tuple[int, str, str]]]:
    """A signed request that is denied because it came in the clear, and its outcome."""
    iam = server.client("iam")
    iam.create_user(UserName="victim")
    iam.create_user(UserName="holder")
    document = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWS, DENIES_IN_THE_CLEAR]})
    iam.put_user_policy(UserName="holder", PolicyName="p", PolicyDocument=document)
    holder = Holder.of(iam.create_access_key(UserName="holder")["AccessKey"])
    body = urlencode({"Action": "DeleteUser", "Version": "2010-05-08", "UserName": "victim"}).encode()
    request = signed_request(server, holder, body)
    yield request, outcome(server, as_bytes(request))
    assert iam.get_user(UserName="victim")["User"]["UserName"] == "victim"


@pytest.mark.parametrize(("line", "code"), LINES.items(), ids=[line.decode() for line in LINES])
def test_a_header_line_that_nobody_signed_decides_nothing(
    server: InProcessServer, denied: tuple[HttpRequest, tuple[int, str, str]], line: bytes, code: str
) -> None:
    """A proxy, or who holds a signed request, adds it: the request is the same as before, or is refused."""
    request, before = denied
    assert before[0] == 403
    if code == AS_BEFORE:
        assert outcome(server, as_bytes(request, line)) == before
        return
    answer, events = recorded(server, as_bytes(request, line))
    assert answer.code == code
    assert [event["errorCode"] for event in events] == ([] if code == "MalformedHttpRequestException" else [code])
