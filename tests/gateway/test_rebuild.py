"""What is sent on is what botocore would have sent: read from a client's request, and written anew."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from carnet.base.http import HttpRequest
from carnet.gateway.rebuild import Rebuilt, _plain_form, _serialize, rebuilt
from carnet.gateway.s3.arriving import s3_service
from carnet.models import FORWARDED, Operation, Protocol, forwarded, service
from carnet.protocols.parse import parse
from carnet.protocols.routing import route_to
from tests.wire.client import http_request, serialized
from tests.wire.samples import Samples

BY_HAND = ("dynamodb", "kms", "lambda", "secretsmanager", "sns", "sqs")
OPERATIONS = [
    operation
    for name in FORWARDED
    for operation in [*forwarded(name).operations.values()][:: 1 if name in BY_HAND else 9]
]
"""All of some services, and some of all."""
ROUNDS = 4
_FORMS = (Protocol.QUERY, Protocol.EC2)
_OF_TRANSPORT = frozenset(("host", "content-length", "authorization"))


def _id(operation: Operation) -> str:
    return f"{operation.service.name}:{operation.name}"


def sent_on(operation: Operation, request: HttpRequest) -> Rebuilt:
    routed = route_to(operation.service, request)
    assert routed.operation is operation
    return rebuilt(operation, parse(routed, request))


def meant(body: bytes, protocol: Protocol) -> object:
    """What a body says, whatever the order in which it says it."""
    if protocol in _FORMS:
        return sorted(parse_qsl(body.decode(), keep_blank_values=True))
    try:
        return json.loads(body)
    except ValueError:
        return body


def _without_empty(value: Any) -> Any:
    """Without what is not there in a form: structures and lists that hold nothing."""
    if isinstance(value, dict):
        return {name: one for name, held in value.items() if (one := _without_empty(held)) not in ({}, [])}
    if isinstance(value, list):
        return [one for held in value if (one := _without_empty(held)) not in ({}, [])]
    return value


@pytest.mark.parametrize("operation", OPERATIONS, ids=_id)
def test_a_request_of_botocore_is_made_anew_as_botocore_made_it(operation: Operation) -> None:
    for seed in range(ROUNDS):
        protocol = operation.service.protocol
        samples = Samples(f"{_id(operation)}:{seed}", forms=protocol in _FORMS)
        given = samples.structure(operation.input) if operation.input else {}
        request = serialized(operation, _without_empty(given) if protocol in _FORMS else given)
        made = sent_on(operation, request)
        assert (made.method, made.path) == (request.method, request.path)
        assert sorted(parse_qsl(made.query, True)) == sorted(parse_qsl(request.query, True))
        assert meant(made.body, protocol) == meant(request.body, protocol)
        wanted = {name: value for name, value in request.headers if name not in _OF_TRANSPORT}
        assert dict(made.headers) == wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-moto-account-id", "111111111111"),
        ("x-amz-security-token", "token"),
        ("x-forwarded-for", "1.2.3.4"),
        ("authorization", "AWS4-HMAC-SHA256 of the client"),
        ("x-http-method-override", "DELETE"),
    ],
)
def test_nothing_else_passes(name: str, value: str) -> None:
    operation = service("kms").operations["DescribeKey"]
    request = http_request(
        headers=(("x-amz-target", "TrentService.DescribeKey"), (name, value)),
        query="Action=ListKeys&x=1",
        body=b'{"KeyId":"k","keyid":"other","Unknown":{"a":1}}',
    )
    made = sent_on(operation, request)
    assert made == Rebuilt(
        method="POST",
        path="/",
        query="",
        headers=(("x-amz-target", "TrentService.DescribeKey"), ("content-type", "application/x-amz-json-1.1")),
        body=b'{"KeyId": "k"}',
    )


OF_PATHS = [
    operation
    for found in (s3_service(), forwarded("lambda"))
    for operation in found.operations.values()
    if _plain_form(operation) is not None
]


@pytest.mark.parametrize("operation", OF_PATHS, ids=_id)
@pytest.mark.parametrize("value", ["k", "a b/ü", "~-_.!*'();%", "{Key+}", "a/../b"])
def test_what_only_its_path_tells_is_written_as_botocore_writes_it(operation: Operation, value: str) -> None:
    plain = _plain_form(operation)
    assert plain is not None
    given = dict.fromkeys(plain.labels, value)
    assert plain.filled(given) == _serialize(operation, given)
    assert rebuilt(operation, given) == _serialize(operation, given)


def test_other_members_are_not_left_out() -> None:
    given = {"Bucket": "photos", "Key": "k", "Range": "bytes=0-1"}
    assert rebuilt(s3_service().operations["GetObject"], given).headers == (("range", "bytes=0-1"),)
