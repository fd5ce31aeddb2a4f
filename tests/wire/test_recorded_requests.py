"""Requests as clients have sent them that leave Content-Type, and some of them x-amz-content-sha256, unsigned.

`recorded_requests.json` holds them to the letter, but for headers that tell of the connection alone. They were made
with the keys of `tests/sigv4/signing.py`. `tests/clients/test_other_signers.py` runs the clients themselves.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.identity.auth_failure import AuthFailure
from carnet.protocols.errors import WireError
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from carnet.sigv4.verify import verify
from tests.sigv4.signing import KEY_ID, SESSION_KEY_ID, find, sign, with_header

RECORDED = json.loads(Path(__file__).with_name("recorded_requests.json").read_text())
RECORDS = [pytest.param(one, id=one["client"]) for one in RECORDED]
OFFERED = [pytest.param(one, id=one["client"]) for one in RECORDED if one["operation"]]
MEDIA_TYPES = ["application/json", "application/x-amz-json-1.1", "text/xml", "multipart/form-data", "application/cbor"]


def request_of(record: dict[str, Any]) -> HttpRequest:
    line, *headers = record["head"]
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    pairs = (header.partition(":") for header in headers)
    return HttpRequest(
        method=method,
        path=path,
        query=query,
        headers=tuple((name.lower(), value.strip()) for name, _, value in pairs),
        body=record["body"].encode("latin-1"),
        peer="127.0.0.1",
        secure=False,
    )


def signed_headers(request: HttpRequest) -> list[str]:
    found = re.search(r"SignedHeaders=([^,]+)", str(request.header("authorization")))
    assert found is not None
    return found[1].split(";")


def signed_at(request: HttpRequest) -> datetime:
    return datetime.strptime(str(request.header("x-amz-date")), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read(request: HttpRequest) -> object:
    """The input of the request, or the code that it is refused with."""
    try:
        return parse(route(request), request)
    except WireError as refused:
        return refused.code


def key_of(request: HttpRequest, service: str) -> str:
    return verify(request, service=service, now=signed_at(request), find=find).credential.key_id


@pytest.mark.parametrize("record", RECORDS)
def test_its_signature_is_accepted(record: dict[str, Any]) -> None:
    request = request_of(record)
    assert key_of(request, record["service"]) == (SESSION_KEY_ID if "session" in record["client"] else KEY_ID)


@pytest.mark.parametrize("record", OFFERED)
def test_it_is_read_as_it_was_meant(record: dict[str, Any]) -> None:
    request = request_of(record)
    routed = route(request)
    assert routed.operation.service.signing_name == record["service"]
    assert routed.operation.name == record["operation"]
    assert parse(routed, request) == record["given"]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("record", OFFERED)
def test_an_unsigned_content_type_changes_no_reading(record: dict[str, Any], media_type: str) -> None:
    """The same is read, or nothing: the protocol's own form alone is parsed."""
    request = with_header(request_of(record), "content-type", media_type)
    if "content-type" in signed_headers(request):
        with pytest.raises(AuthFailure, match="does not match"):
            key_of(request, record["service"])
        return
    key_of(request, record["service"])
    assert read(request) in (record["given"], "MalformedInput")


def test_the_recorded_clients_leave_what_they_are_recorded_for_unsigned() -> None:
    requests = [request_of(record) for record in RECORDED]
    sent = [(request.header("content-type"), signed_headers(request)) for request in requests]
    assert sum("content-type" not in signed for given, signed in sent if given is not None) > len(RECORDED) / 2
    hashes = [signed_headers(one) for one in requests if one.header("x-amz-content-sha256") is not None]
    assert sum("x-amz-content-sha256" not in signed for signed in hashes) == 2


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("x-amz-target", "AWSOrganizationsV20161128.LeaveOrganization"), ("x-amz-security-token", "t"), ("x-amz-any", "")],
)
def test_every_other_amz_header_has_to_be_signed(record: dict[str, Any], name: str, value: str) -> None:
    request = request_of(record)
    if request.header(name) is None:
        with pytest.raises(AuthFailure):
            key_of(with_header(request, name, value), record["service"])


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("name", ["host", "x-amz-date"])
def test_what_is_signed_stays_as_it_was(record: dict[str, Any], name: str) -> None:
    request = request_of(record)
    moved = {"host": "127.0.0.1:4849", "x-amz-date": "20261125T233600Z"}[name]
    with pytest.raises(AuthFailure):
        key_of(with_header(request, name, moved), record["service"])


@pytest.mark.parametrize("record", RECORDS)
def test_an_unsigned_hash_has_to_be_that_of_the_body(record: dict[str, Any]) -> None:
    request = request_of(record)
    with pytest.raises(AuthFailure):
        key_of(with_header(request, "x-amz-content-sha256", "0" * 64), record["service"])
    with pytest.raises(AuthFailure):
        key_of(replace(request, body=request.body + b"&"), record["service"])


def test_the_sdk_for_php_before_3_385_3() -> None:
    """It signs its own user agent and leaves Content-Type, User-Agent and its headers of retries out."""
    signed = sign(headers={"X-Amz-User-Agent": "aws-sdk-php/3.300.0"})
    sent = {
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "aws-sdk-php/3.300.0 ua/2.0 GuzzleHttp/7",
        "aws-sdk-invocation-id": "0" * 32,
        "aws-sdk-retry": "0/0",
    }
    request = replace(signed, headers=(*signed.headers, *sent.items()))
    assert signed_headers(request) == ["host", "x-amz-date", "x-amz-user-agent"]
    assert key_of(request, "iam") == KEY_ID
    assert route(request).operation.name == "ListUsers"
