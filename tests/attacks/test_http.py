"""Requests that two readers of HTTP could read in two ways, and requests that want more than an answer."""

from __future__ import annotations

import pytest

from carnet.base.http import HttpRequest
from carnet.server.limits import Limits
from tests.attacks.wire import Connection, as_bytes, audit, root_of, send, signed_request
from tests.server.in_process import InProcessServer

UNSIGNED = 403
"""A target that is none of Carnet's own pages is a call of an AWS API, which needs a signature."""
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture
def request_(server: InProcessServer) -> HttpRequest:
    """A rightly signed GetCallerIdentity."""
    return signed_request(server, root_of(server), WHO, service="sts")


def chunked(request: HttpRequest, *, coding: bytes = b"chunked", trailers: bytes = b"", end: bytes = b"\r\n") -> bytes:
    """The request with its body in one chunk, and what follows the last chunk."""
    head = as_bytes(request).partition(b"\r\n\r\n")[0]
    head = head.replace(b"content-length: %d" % len(request.body), b"transfer-encoding: " + coding)
    return head + b"\r\n\r\n%x" % len(request.body) + end + request.body + end + b"0" + end + trailers + end


def line_of(request: HttpRequest, name: str) -> bytes:
    return f"{name}: {request.header(name)}\r\n".encode("latin-1")


def test_a_chunked_request_is_a_fair_test(server: InProcessServer, request_: HttpRequest) -> None:
    assert send(server, chunked(request_)).status == 200
    assert send(server, chunked(request_, coding=b"Chunked")).status == 200


@pytest.mark.parametrize("coding", [b"x, chunked", b"chunked, x", b"xchunked", b"identity", b"chunked\r\nte: x", b""])
def test_transfer_coding_that_another_reader_takes_in_another_way_cve_2024_1135(
    server: InProcessServer, request_: HttpRequest, coding: bytes
) -> None:
    allowed = coding.startswith(b"chunked\r\n")
    assert (send(server, chunked(request_, coding=coding)).status == 200) is allowed


def test_two_transfer_codings(server: InProcessServer, request_: HttpRequest) -> None:
    twice = chunked(request_, coding=b"x\r\ntransfer-encoding: chunked")
    assert send(server, twice).status == 501


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("authorization", "MissingAuthenticationToken"),
        ("host", "MalformedHttpRequestException"),
        ("x-amz-date", "IncompleteSignature"),
        ("content-type", "SignatureDoesNotMatch"),
    ],
)
def test_a_field_behind_the_body_is_no_header(
    server: InProcessServer, request_: HttpRequest, name: str, code: str
) -> None:
    line = line_of(request_, name)
    assert line in chunked(request_)
    assert send(server, chunked(request_, trailers=line).replace(line, b"", 1)).code == code


def test_a_field_behind_the_body_does_not_change_what_is_known_of_the_client(
    server: InProcessServer, request_: HttpRequest
) -> None:
    assert send(server, chunked(request_, trailers=b"user-agent: from behind\r\n")).status == 200
    assert audit(server)[-1]["userAgent"] == ""


def test_fields_behind_the_body_are_limited(server: InProcessServer, request_: HttpRequest) -> None:
    lines = b"x: " + b"y" * 60_000 + b"\r\n"
    answer = send(server, chunked(request_, trailers=lines * (Limits().request // 60_000 + 10)))
    assert answer.status == 413


@pytest.mark.parametrize("name", ["authorization", "content-type", "host", "x-amz-date"])
@pytest.mark.parametrize(("before", "after"), [(b"", b"\xa0"), (b"\x85", b""), (b"", b"\x85\xa0")])
def test_what_looks_like_white_space_is_part_of_a_signed_value(
    server: InProcessServer, request_: HttpRequest, name: str, before: bytes, after: bytes
) -> None:
    raw, line = as_bytes(request_), line_of(request_, name)
    value = line.removeprefix(name.encode() + b": ").removesuffix(b"\r\n")
    assert send(server, raw.replace(line, line.replace(value, b" \t" + value + b"\t "))).status == 200
    unread = name == "x-amz-date" or (name == "authorization" and before)
    answer = send(server, raw.replace(line, line.replace(value, before + value + after)))
    assert answer.code == ("IncompleteSignature" if unread else "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "line",
    [b"x: a\r\n b", b"x: a\x00b", b"x : a", b"x: a\rb: c", b": a", b"x", b"content-length: 5", b"content-length : 5"],
)
def test_a_header_line_that_is_none(server: InProcessServer, request_: HttpRequest, line: bytes) -> None:
    assert send(server, as_bytes(request_, line)).status == 400


def test_bare_line_feeds(server: InProcessServer, request_: HttpRequest) -> None:
    assert send(server, as_bytes(request_).replace(b"\r\n", b"\n")).status == 400
    assert send(server, chunked(request_, end=b"\n")).status == 400


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"CONNECT evil.example:443", 400),
        (b"GET http://169.254.169.254/latest/meta-data", 400),
        (b"GET http://x/", UNSIGNED),
        (b"GET HTTPS://X?a=b", UNSIGNED),
        (b"GET http://x:80/", 400),
        (b"GET http://a@x/", 400),
        (b"GET http:///", 400),
        (b"GET ftp://x/", 400),
        (b"GET *", 400),
        (b"OPTIONS *", 400),
        (b"GET /#", 400),
        (b"GET /_carnet/health#", 400),
        (b"GET http://x/#a", 400),
        (b"GET /%35", UNSIGNED),
        (b"GET /%35%6%35", 400),
        (b"GET /%", 400),
        (b"GET /?a=%35%6%35", 400),
        (b"GET /?a=%35%25", UNSIGNED),
        (b"GET /\xff", 400),
        (b"GET http://[::1", 400),
        (b"GET healthz", 400),
        (b"GET /%00", UNSIGNED),
        (b"GET /../healthz", UNSIGNED),
        (b"GET /healthz/", UNSIGNED),
        (b"TRACE /", UNSIGNED),
    ],
)
def test_a_strange_target_is_refused_and_nothing_is_fetched(server: InProcessServer, line: bytes, status: int) -> None:
    assert send(server, line + b" HTTP/1.1\r\nHost: x\r\n\r\n").status == status


def test_a_url_is_of_the_one_host_that_the_request_names(server: InProcessServer) -> None:
    line = b"GET http://x/ HTTP/1.1\r\n"
    assert send(server, line + b"Host: x\r\n\r\n").status == UNSIGNED
    for hosts in (b"", b"Host: y\r\n", b"Host: x\r\nHost: y\r\n", b"Host: x\r\nHost: x\r\n"):
        assert send(server, line + hosts + b"\r\n").status == 400


@pytest.mark.parametrize("version", ["1.1", "1.0", "0.9", "1.2", "2.0", "3.0"])
def test_other_versions_of_http_are_not_spoken(server: InProcessServer, version: str) -> None:
    answer = send(server, f"GET / HTTP/{version}\r\nHost: x\r\n\r\n".encode())
    assert answer.status == (UNSIGNED if version in ("1.0", "1.1") else 400)


def test_http_0_9_is_not_spoken(server: InProcessServer) -> None:
    assert send(server, b"GET /\r\n\r\n").status == 400


def test_a_refusal_has_the_form_of_an_error_of_aws(server: InProcessServer) -> None:
    answer = send(server, b"GET /#a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (answer.status, answer.code) == (400, "MalformedHttpRequestException")


def test_a_header_spelled_with_an_underscore_is_another_header(server: InProcessServer, request_: HttpRequest) -> None:
    address = b"x_forwarded_for: 203.0.113.9"
    assert send(server, as_bytes(request_, address, b"x_amz_security_token: a")).status == 200
    assert audit(server)[-1]["sourceIPAddress"] == "127.0.0.1"


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"x-forwarded-proto", b"x-client-ip"])
def test_the_address_that_a_client_claims_is_not_believed(
    server: InProcessServer, request_: HttpRequest, name: bytes
) -> None:
    assert send(server, as_bytes(request_, name + b": 203.0.113.9")).status == 200
    assert audit(server)[-1]["sourceIPAddress"] == "127.0.0.1"


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_bytes_behind_an_upgrade_are_no_second_request(
    server: InProcessServer, request_: HttpRequest, protocol: bytes
) -> None:
    before = len(audit(server))
    upgrading = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
    assert send(server, upgrading + as_bytes(request_)).status == 403
    assert [event["eventName"] for event in audit(server)[before:]] == [None]


def test_pipelined_requests_are_each_checked(server: InProcessServer, request_: HttpRequest) -> None:
    before = len(audit(server))
    unsigned = as_bytes(request_).replace(line_of(request_, "authorization"), b"")
    with Connection(server) as connection:
        assert connection.send(as_bytes(request_) + unsigned).status == 200
        assert connection.send(b"").status == 403
    assert [event.get("errorCode") for event in audit(server)[before:]] == [None, "MissingAuthenticationToken"]


def test_a_hundred_thousand_chunks_of_one_byte_cve_2025_69229(server: InProcessServer, request_: HttpRequest) -> None:
    head = chunked(request_).partition(b"\r\n\r\n")[0]
    answer = send(server, head + b"\r\n\r\n" + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n")
    assert (answer.status, answer.code) == (400, "MissingAction")


@pytest.mark.parametrize("size", [b"-1", b"0x5", b"5 5", b"ffffffffffffffffff", b"", b"+5", b"\xd9\xa5"])
def test_a_chunk_size_that_is_none(server: InProcessServer, request_: HttpRequest, size: bytes) -> None:
    head = chunked(request_).partition(b"\r\n\r\n")[0]
    assert send(server, head + b"\r\n\r\n" + size + b"\r\naaaaa\r\n0\r\n\r\n").status == 400


def test_a_body_behind_an_upgrade_is_not_lost_in_silence(server: InProcessServer, request_: HttpRequest) -> None:
    before = len(audit(server))
    upgrading = as_bytes(request_, b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAMA")
    assert send(server, upgrading).status == 501
    assert len(audit(server)) == before


def test_chunks_of_http_1_0_end_the_connection(server: InProcessServer, request_: HttpRequest) -> None:
    old = (
        chunked(request_).replace(b"HTTP/1.1", b"HTTP/1.0", 1).replace(b"host:", b"connection: keep-alive\r\nhost:", 1)
    )
    answer = send(server, old)
    assert (answer.status, answer.closes) == (200, True)


def test_of_http_1_0_no_connection_is_kept(server: InProcessServer) -> None:
    """A client of that version that asks for it, as `ab -k`, else waits for the end: no header tells it otherwise."""
    asked = b"GET / HTTP/%s\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
    assert send(server, asked % b"1.0").closes
    assert not send(server, asked % b"1.1").closes


def test_a_body_that_will_be_refused_is_not_asked_for(server: InProcessServer) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30000000\r\n\r\n"
    assert send(server, head).status == 413


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/json", "application/x-amz-json-1.1", "multipart/form-data", "text/xml; charset=x"],
)
def test_a_content_type_that_is_not_signed_changes_no_reading_of_a_body(
    server: InProcessServer, media_type: str
) -> None:
    """AWS SDK for JavaScript 2, the one for PHP, boto 2 and `curl --aws-sigv4` leave it out of what they sign."""
    request = signed_request(server, root_of(server), WHO, service="sts", headers={})
    assert "content-type" not in str(request.header("authorization"))
    form = as_bytes(request, b"content-type: application/x-www-form-urlencoded")
    assert send(server, form).status == 200
    other = send(server, as_bytes(request, b"content-type: " + media_type.encode()))
    assert other.code == "MalformedInput" if media_type else other.status == 200
