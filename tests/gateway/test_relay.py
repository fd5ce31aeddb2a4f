"""What of an upstream's headers a client is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.gateway.relay import (
    answer_by_own_id,
    error_as_modelled,
    error_by_own_id,
    in_sandbox,
    passed_headers,
    upstream_request_id,
)
from carnet.models import operation


@pytest.mark.parametrize(
    ("name", "value", "passes"),
    [
        ("content-type", "application/x-amz-json-1.1", True),
        ("x-amzn-errortype", "NotFoundException", True),
        ("x-amz-function-error", "Unhandled", True),
        ("etag", '"a b"', True),
        ("x-amz-meta-x", "", False),
        ("x-amz-meta-x", "a\r\nset-cookie: b", False),
        ("x-amz-meta-x", "a\x00", False),
        ("x-amz-meta-x", "caf\xe9", False),
        ("x-amz-meta x", "a", False),
        ("set-cookie", "a=b", False),
        ("server", "moto", False),
        ("transfer-encoding", "chunked", False),
        ("content-length", "5", False),
        ("connection", "close", False),
        ("access-control-allow-origin", "*", False),
        ("x-amzn-requestid", "theirs", False),
        ("x-amz-request-id", "theirs", False),
        ("x-carnet-mode", "record", False),
    ],
)
def test_headers(name: str, value: str, passes: bool) -> None:
    assert passed_headers([(name, value)]) == (((name, value),) if passes else ())


def test_the_upstreams_own_name_of_the_request() -> None:
    assert upstream_request_id([("server", "x"), ("x-amzn-requestid", "abc")]) == "abc"
    assert upstream_request_id([("server", "x")]) is None
    assert upstream_request_id([("x-amz-request-id", "a\nb")]) is None
    assert upstream_request_id([("x-amz-request-id", "a" * 500)]) == "a" * 128


@pytest.mark.parametrize(
    "error",
    [
        "<Error><Code>c</Code><RequestId>{}</RequestId><HostId>{}</HostId></Error>",
        "<ErrorResponse><Error><Code>c</Code></Error><RequestId>{}</RequestId></ErrorResponse>",
        "<Response><Errors/><RequestID>{}</RequestID></Response>",
    ],
)
def test_an_error_has_the_id_of_this_server(error: str) -> None:
    for theirs in ("theirs", "a+/=", ""):
        assert (
            error_by_own_id(error.format(theirs, theirs).encode(), "our-1") == error.format("our-1", "our-1").encode()
        )


@pytest.mark.parametrize(
    "error",
    [
        b"<Error><RequestId/><Message>RequestId</Message></Error>",
        b"<Error><Message>&lt;RequestId&gt;theirs&lt;/RequestId&gt;</Message></Error>",
        b"<Error><RequestId>theirs</HostId></Error>",
        b'{"message": "<RequestId>theirs</RequestId>"}',
        b"",
    ],
)
def test_the_rest_of_an_error_is_as_the_upstream_says(error: bytes) -> None:
    assert error_by_own_id(error, "our-1") == error


@pytest.mark.parametrize(
    ("service", "code", "error", "told"),
    [
        ("secretsmanager", "ResourceNotFoundException", {"message": "m"}, {"Message": "m"}),
        ("secretsmanager", "ResourceNotFoundException", {"Message": "m"}, {"Message": "m"}),
        (
            "secretsmanager",
            "ResourceNotFoundException",
            {"message": "m", "Message": "M"},
            {"message": "m", "Message": "M"},
        ),
        ("secretsmanager", "ResourceNotFoundException", {}, {}),
        ("secretsmanager", "AccessDeniedException", {"message": "m"}, {"message": "m"}),
        ("kms", "NotFoundException", {"Message": "m", "more": [1]}, {"message": "m", "more": [1]}),
    ],
)
def test_a_message_is_called_as_the_model_calls_it(
    service: str, code: str, error: dict[str, Any], told: dict[str, Any]
) -> None:
    """The SDKs that are made of Smithy's models, of Go and of Python, read no other spelling."""
    named = {"__type": code} | error
    asked = operation(service, {"kms": "DescribeKey"}.get(service, "GetSecretValue"))
    assert json.loads(error_as_modelled(asked, code, json.dumps(named).encode())) == {"__type": code} | told


@pytest.mark.parametrize("body", [b"", b"no JSON", b'["message"]', b"<Error/>"])
def test_what_is_no_error_in_json_is_as_it_came(body: bytes) -> None:
    assert error_as_modelled(operation("kms", "DescribeKey"), "NotFoundException", body) == body


_METADATA = "<ResponseMetadata>\n <RequestId>{}</RequestId></ResponseMetadata>"


@pytest.mark.parametrize(
    ("service", "name", "answer"),
    [
        ("sns", "Publish", f"<R><Result><RequestId>r</RequestId></Result>{_METADATA}</R>\n"),
        ("sns", "Publish", f"<R><Result><![CDATA[{_METADATA.format('r')}]]></Result>{_METADATA}</R>"),
        (
            "ec2",
            "RunInstances",
            '<?xml version="1.0"?>\n<RunInstancesResponse xmlns="h">\n <requestId>{}</requestId><a/>',
        ),
    ],
)
def test_an_answer_has_the_id_of_this_server(service: str, name: str, answer: str) -> None:
    told = answer_by_own_id(operation(service, name), answer.format("theirs").encode(), "our-1")
    assert told == answer.format("our-1").encode()


@pytest.mark.parametrize(
    ("service", "name", "answer"),
    [
        ("ec2", "RunInstances", "<RunInstancesResponse><a><requestId>r</requestId></a></RunInstancesResponse>"),
        ("sns", "Publish", f"<R><Result>{_METADATA.format('r')}</Result></R>"),
        ("secretsmanager", "GetSecretValue", f"<R>{_METADATA.format('r')}</R>"),
    ],
)
def test_what_a_result_says_is_left_alone(service: str, name: str, answer: str) -> None:
    assert answer_by_own_id(operation(service, name), answer.encode(), "our-1") == answer.encode()


SANDBOX = ("content-security-policy", "sandbox")


@pytest.mark.parametrize(
    ("kinds", "apart"),
    [
        (["text/html"], True),
        (["TEXT/HTML; charset=utf-8"], True),
        (["image/svg+xml"], True),
        (["application/xml"], True),
        (["text/xml"], True),
        (["application/xhtml+xml"], True),
        (["multipart/x-mixed-replace; boundary=a"], True),
        (["text/plain, text/html"], True),
        (["text/plain; a=b, text/html"], True),
        (["image/png", "text/html"], True),
        (["application/unknown"], True),
        (["*/*"], True),
        ([""], True),
        ([], True),
        (["application/json"], False),
        (["Application/JSON; charset=utf-8"], False),
        (["application/x-amz-json-1.1"], False),
        (["binary/octet-stream"], False),
        (["image/png"], False),
        (["text/plain"], False),
        (["application/pdf"], False),
    ],
)
def test_what_may_be_a_page_is_kept_apart(kinds: list[str], apart: bool) -> None:
    headers = tuple(("content-type", kind) for kind in kinds)
    assert in_sandbox(headers) == (*headers, *((SANDBOX,) if apart else ()))
