"""A signature covers everything that matters: change one character anywhere, and it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.verify import verify
from tests.sigv4.signing import FORM, NOW, SESSION_KEY_ID, SESSION_SECRET, TOKEN, find, presign, sign

ANALYZER = "/analyzer/a%2Fb~c%25d/archive-rule"
REQUESTS = {
    "post": ("iam", sign()),
    "post of a session": ("iam", sign(key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)),
    "get": ("iam", sign("GET", "https://iam.amazonaws.com/?Action=ListUsers&Marker=&PathPrefix=%2Fa%20b%2F", b"")),
    "json": (
        "organizations",
        sign(body=b"{}", headers={"Content-Type": FORM, "X-Amz-Target": "A.B  C"}, service="organizations"),
    ),
    "rest-json": (
        "access-analyzer",
        sign("PUT", f"https://localhost{ANALYZER}?b=1&a=2", b'{"x": 1}', service="access-analyzer"),
    ),
    "presigned": ("sts", presign()),
    "presigned of a session": (
        "sts",
        presign(headers={"x-k8s-aws-id": "c"}, key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN),
    ),
}
OTHERS = "\n /%+&=;,.aA0é\u212a\ud800"


def meaning(request: HttpRequest) -> object:
    """What may differ between two requests without a difference in what they mean; nothing else may.

    1. Spaces and tabs: outer ones, and how many in a run, in a header's value (RFC 9110, and what AWS signs).
    2. The order of query parameters, which the signature does not cover (so nothing may read a meaning into it).
    3. A parameter without a value, with or without its equals sign: `Marker` and `Marker=`.
    4. One space or none after the commas of the Authorization header.
    5. The empty path and `/`, which are one path in HTTP.
    """
    headers = sorted((name, spaced(name, value)) for name, value in request.headers)
    query = sorted(pair if "=" in pair else f"{pair}=" for pair in request.query.split("&"))
    return request.method, request.path or "/", query, headers, request.body


def spaced(name: str, value: str) -> str:
    return value.replace(", ", ",") if name == "authorization" else re.sub(r"[ \t]+", " ", value).strip(" ")


def changes_of(text: str) -> Iterator[str]:
    """Every text at a distance of one character, as far as the alphabet of OTHERS goes."""
    for at in range(len(text) + 1):
        head, tail = text[:at], text[at:]
        yield from (head + other + tail for other in OTHERS)
        if tail:
            yield head + tail[1:]
            yield from (head + other + tail[1:] for other in (*OTHERS, chr(ord(tail[0]) ^ 1), tail[0].swapcase()))


def changed_requests(request: HttpRequest) -> Iterator[HttpRequest]:
    yield from (replace(request, method=text) for text in changes_of(request.method))
    yield from (replace(request, path=text) for text in changes_of(request.path))
    yield from (replace(request, query=text) for text in changes_of(request.query))
    for text in changes_of(request.body.decode()):
        yield replace(request, body=text.encode("utf-8", "surrogatepass"))
    for at, (name, value) in enumerate(request.headers):
        before, after = request.headers[:at], request.headers[at + 1 :]
        yield replace(request, headers=before + after)
        yield from (replace(request, headers=(*before, (name, text), *after)) for text in changes_of(value))
        yield from (replace(request, headers=(*before, (text, value), *after)) for text in changes_of(name))


def is_accepted(request: HttpRequest, service: str) -> bool:
    try:
        verify(request, service=service, now=NOW, find=find)
    except AuthFailure:
        return False
    return True


@pytest.mark.parametrize("name", REQUESTS)
def test_any_one_character_change_is_refused(name: str) -> None:
    service, request = REQUESTS[name]
    assert is_accepted(request, service)
    same = meaning(request)
    accepted = [change for change in changed_requests(request) if is_accepted(change, service)]
    assert [change for change in accepted if meaning(change) != same] == []


def test_the_equivalences_are_accepted() -> None:
    _, request = REQUESTS["get"]
    assert is_accepted(replace(request, query="PathPrefix=%2Fa%20b%2F&Marker&Action=ListUsers"), "iam")
    assert not is_accepted(replace(request, query="PathPrefix=%2Fa%20b%2F&Action=ListUsers"), "iam")


PIECES = (
    "AWS4-HMAC-SHA256| |,|, |=|&|/|;|%|%ff|%2F|..|Credential=|SignedHeaders=|Signature=|host|x-amz-date|content-type|"
    "X-Amz-Algorithm=|X-Amz-Credential=|X-Amz-Signature=|X-Amz-Date=|X-Amz-SignedHeaders=|X-Amz-Expires=|"
    "X-Amz-Security-Token=|AKIAQNZGKIQY56JQ7WML|20240101|20240101T120000Z|us-east-1|iam|aws4_request|"
    "00000000T000000Z|99991231T235959Z"
)
pieces = st.sampled_from(PIECES.split("|"))
soup = st.lists(pieces | st.text(max_size=3), max_size=24).map("".join)
header_names = st.sampled_from(
    ["authorization", "host", "date", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "content-type"]
)
requests = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "POST"]) | st.text(max_size=4),
    path=st.just("/") | soup,
    query=st.just("") | soup,
    headers=st.lists(st.tuples(header_names | st.text(max_size=4), soup), max_size=6).map(tuple),
    body=st.binary(max_size=8),
    peer=st.just("127.0.0.1"),
    secure=st.booleans(),
)


@given(requests, st.sampled_from(["iam", "sts"]))
def test_no_input_raises(request: HttpRequest, service: str) -> None:
    assert not is_accepted(request, service)


@given(soup, soup)
def test_no_authorization_header_raises(authorization: str, date: str) -> None:
    request = sign()
    others = tuple(pair for pair in request.headers if pair[0] not in ("authorization", "x-amz-date"))
    hostile = (*others, ("authorization", f"AWS4-HMAC-SHA256 {authorization}"), ("x-amz-date", date))
    assert not is_accepted(replace(request, headers=hostile), "iam")
