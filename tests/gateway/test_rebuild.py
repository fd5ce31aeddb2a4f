"""What is sent on is what botocore would have sent: read from a client's request, and written anew."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest

from carnet.base.http import HttpRequest
from carnet.gateway.rebuild import Rebuilt, rebuilt
from carnet.models import FORWARDED, Operation, Protocol, service
from carnet.protocols.parse import parse
from carnet.protocols.routing import route_to
from tests.wire.client import http_request, serialized
from tests.wire.samples import Samples

OPERATIONS = [operation for name in FORWARDED for operation in service(name).operations.values()]
ROUNDS = 4
_OF_TRANSPORT = frozenset(("host", "content-length", "authorization"))


def _id(operation: Operation) -> str:
    return f"{operation.service.name}:{operation.name}"


def sent_on(operation: Operation, request: HttpRequest) -> Rebuilt:
    routed = route_to(operation.service, request)
    assert routed.operation is operation
    return rebuilt(operation, parse(routed, request))


def meant(body: bytes, protocol: Protocol) -> object:
    """What a body says, whatever the order in which it says it."""
    if protocol is Protocol.QUERY:
        return sorted(parse_qsl(body.decode(), keep_blank_values=True))
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.mark.parametrize("operation", OPERATIONS, ids=_id)
def test_a_request_of_botocore_is_made_anew_as_botocore_made_it(operation: Operation) -> None:
    for seed in range(ROUNDS):
        protocol = operation.service.protocol
        samples = Samples(f"{_id(operation)}:{seed}", forms=protocol is Protocol.QUERY)
        request = serialized(operation, samples.structure(operation.input) if operation.input else {})
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
