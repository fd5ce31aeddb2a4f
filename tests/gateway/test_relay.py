"""What of an upstream's headers a client is given."""

from __future__ import annotations

import pytest

from carnet.gateway.relay import in_sandbox, passed_headers, upstream_request_id


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
