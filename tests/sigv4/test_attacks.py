"""Ways that signature checks have been got around, elsewhere, each tried here."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.base.keyed_hash import KeyedHash
from carnet.identity.credential import Credential
from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import derive, signature
from carnet.sigv4.verify import verify
from tests.sigv4.signing import (
    FORM,
    KEY_ID,
    NOW,
    SECRET,
    SESSION_KEY_ID,
    SESSION_SECRET,
    TOKEN,
    USER,
    failure,
    find,
    presign,
    sign,
    with_header,
)

DOES_NOT_MATCH, INCOMPLETE, MISSING = "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken"


def code(request: HttpRequest, service: str = "iam") -> str:
    return failure(request, service=service)[0]


def authorization(request: HttpRequest) -> str:
    value = request.header("authorization")
    assert value is not None
    return value


def with_signed_headers(request: HttpRequest, names: str) -> HttpRequest:
    """Signs anew, and rightly, over another list of headers."""
    lines = "".join(f"{name}:{request.header(name)}\n" for name in names.split(";"))
    canonical = f"{request.method}\n{quote(request.path)}\n\n{lines}\n{names}\n{sha256(request.body).hexdigest()}"
    scope = Scope("20240101", "us-east-1", "iam", "aws4_request")
    text = f"AWS4-HMAC-SHA256\n20240101T120000Z\n{scope.text}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(derive(SECRET, scope), text.encode(), "sha256").hex()
    given = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope.text}, SignedHeaders={names}, Signature={signature}"
    return with_header(request, "authorization", given)


def test_signing_over_another_list_of_headers_is_a_fair_test() -> None:
    request = with_signed_headers(sign(), "content-type;host;x-amz-date")
    assert verify(request, service="iam", now=NOW, find=find).credential is USER


@pytest.mark.parametrize(
    "declared",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    ],
)
def test_unsigned_and_streaming_payload_cve_2025_31489_cve_2026_40344(declared: str) -> None:
    request = sign(headers={"Content-Type": FORM, "X-Amz-Content-SHA256": declared})
    assert code(request) == DOES_NOT_MATCH
    assert code(replace(request, body=b"Action=DeleteUser")) == DOES_NOT_MATCH


def test_credential_in_query_without_a_signature_cve_2026_41145() -> None:
    query = "Action=ListUsers&X-Amz-Credential=" + quote(f"{KEY_ID}/20240101/us-east-1/iam/aws4_request", safe="")
    unsigned = with_header(replace(sign(), query=query), "authorization", None)
    assert code(unsigned) == INCOMPLETE


@pytest.mark.parametrize("query", ["X-Amz-Signature=0", "Action=A&x-amz-signature=0", "X-Amz-Security%2dToken=a&b=c"])
def test_signature_in_header_and_in_query(query: str) -> None:
    assert code(replace(sign(), query=query)) == INCOMPLETE
    both = presign()
    assert code(with_header(both, "authorization", authorization(sign())), "sts") == INCOMPLETE


def test_two_authorization_headers() -> None:
    request = sign()
    doubled = replace(request, headers=(*request.headers, ("authorization", authorization(request))))
    assert code(doubled) == INCOMPLETE


def test_host_not_signed() -> None:
    assert failure(with_signed_headers(sign(), "content-type;x-amz-date"))[1] == (
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    )


def test_two_hosts() -> None:
    request = sign()
    assert code(replace(request, headers=(("host", "evil.example"), *request.headers))) == INCOMPLETE


def test_date_header_not_signed() -> None:
    assert code(with_signed_headers(sign(), "content-type;host")) == DOES_NOT_MATCH


def test_host_is_what_has_to_be_signed_of_a_request_with_a_date_header() -> None:
    request = with_signed_headers(sign(), "host;x-amz-date")
    assert verify(request, service="iam", now=NOW, find=find).credential is USER
    assert code(with_signed_headers(sign(), "x-amz-date")) == DOES_NOT_MATCH


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-security-token", "x-amz-content-sha256", "x-amz-anything"])
def test_amz_header_added_after_signing(name: str) -> None:
    assert code(with_header(sign(), name, "AWSOrganizations.ListRoots")) == DOES_NOT_MATCH


def test_signed_headers_unsorted_repeated_or_upper_case() -> None:
    for names in ("host;content-type;x-amz-date", "content-type;host;host;x-amz-date", "Content-Type;host;x-amz-date"):
        assert code(with_signed_headers(sign(), names)) == DOES_NOT_MATCH


def test_signed_header_that_was_not_sent() -> None:
    assert code(with_signed_headers(sign(), "content-type;host;x-amz-date;x-amz-expected")) == DOES_NOT_MATCH


def test_session_token_swapped_or_dropped() -> None:
    request = sign(key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)
    assert code(with_header(request, "x-amz-security-token", TOKEN[:-1] + "X")) == "InvalidClientTokenId"
    assert code(with_header(request, "x-amz-security-token", None)) == DOES_NOT_MATCH
    assert code(sign(key_id=KEY_ID, secret=SECRET, token=TOKEN)) == "InvalidClientTokenId"


def test_session_token_in_the_header_of_a_presigned_request() -> None:
    request = presign(key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)
    assert code(with_header(request, "x-amz-security-token", TOKEN), "sts") == INCOMPLETE


def test_payload_hash_that_lies() -> None:
    honest = sign()
    declared = sign(headers={"Content-Type": FORM, "X-Amz-Content-SHA256": "0" * 64})
    assert code(declared) == DOES_NOT_MATCH
    assert code(replace(honest, body=b"Action=DeleteUser")) == DOES_NOT_MATCH


@pytest.mark.parametrize("declared", ["0" * 64, "UNSIGNED-PAYLOAD", sha256(sign().body).hexdigest().upper()])
def test_payload_hash_that_lies_beside_a_right_signature(declared: str) -> None:
    names = "content-type;host;x-amz-content-sha256;x-amz-date"
    honest = with_header(sign(), "x-amz-content-sha256", sha256(sign().body).hexdigest())
    assert verify(with_signed_headers(honest, names), service="iam", now=NOW, find=find).credential is USER
    lying = with_header(honest, "x-amz-content-sha256", declared)
    assert code(with_signed_headers(lying, names)) == DOES_NOT_MATCH


@pytest.mark.parametrize("minutes", [15, -15])
def test_replay_past_the_skew_cve_2020_12692(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes, seconds=minutes // abs(minutes))
    assert failure(sign(), now=now)[0] == DOES_NOT_MATCH


@pytest.mark.parametrize(
    "expires", ["0", "-1", "604801", "1e3", "%205", "5%20", "%2B5", "5.0", "1_0", "", "00", "%D9%A3", "9999999999"]
)
def test_expires_that_is_no_plain_number_of_seconds(expires: str) -> None:
    request = presign(service="iam")
    assert "X-Amz-Expires=3600" in request.query
    assert code(replace(request, query=request.query.replace("=3600", f"={expires}"))) == INCOMPLETE


def test_expires_signed_with_more_than_a_week() -> None:
    assert code(presign(expires=604_801, service="iam")) == INCOMPLETE


def test_presigned_past_its_expiry() -> None:
    request = presign(expires=60, service="iam")
    assert failure(request, service="iam", now=NOW + timedelta(seconds=61))[0] == DOES_NOT_MATCH


def test_presigned_without_expiry_is_good_for_no_longer_than_the_skew() -> None:
    request = presign(service="iam")
    unlimited = replace(request, query=request.query.replace("X-Amz-Expires=3600&", ""))
    assert failure(unlimited, service="iam", now=NOW + timedelta(minutes=16))[1].startswith("Signature expired:")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/20240101/", "/20240102/"),
        ("/us-east-1/", "/us-east-2/"),
        ("/us-east-1/", "//"),
        ("/iam/", "/s3/"),
        ("/aws4_request", "/aws4_request2"),
    ],
)
def test_scope_of_another_day_region_service_or_terminator(old: str, new: str) -> None:
    request = sign()
    assert code(with_header(request, "authorization", authorization(request).replace(old, new))) == DOES_NOT_MATCH


def test_signature_made_for_another_service_cve_2025_65073() -> None:
    assert failure(presign(url="https://s3.amazonaws.com/bucket/key", service="s3"), service="sts") == (
        DOES_NOT_MATCH,
        "Credential should be scoped to correct service: 'sts'.",
    )


def test_key_id_with_a_slash() -> None:
    assert code(sign(key_id="AKIA/../AAAAAAAAAAAA")) == INCOMPLETE


@pytest.mark.parametrize(
    "path", ["//", "/a//b", "/./a", "/a/./b", "/a/../b", "/..", "/a/.", "a", "*", "/a b", "/\xff", "/%ff\n"]
)
def test_path_that_is_not_normalised(path: str) -> None:
    assert code(replace(sign(url="https://iam.amazonaws.com/b", method="GET", body=b""), path=path)) == DOES_NOT_MATCH


def test_path_that_is_not_normalised_and_signed_as_it_is() -> None:
    names = "content-type;host;x-amz-date"
    plain = with_signed_headers(replace(sign(), path="/a/b"), names)
    assert verify(plain, service="iam", now=NOW, find=find).credential is USER
    for path in ("/a/../b", "/a/./b", "/a//b", "//"):
        assert code(with_signed_headers(replace(sign(), path=path), names)) == DOES_NOT_MATCH


def test_path_that_botocore_would_normalise() -> None:
    assert code(sign(url="https://iam.amazonaws.com/a/../b")) == DOES_NOT_MATCH


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ("/tags/a%2Fb", "/tags/a/b"),
        ("/tags/a%2Fb", "/tags/a%2fb"),
        ("/tags/a%2Fb", "/tags/a%252Fb"),
        ("/tags/%2e%2e", "/tags/.."),
        ("/tags/%2e%2e", "/tags/%2E%2E"),
        ("/tags/%ff", "/tags/%fe"),
    ],
)
def test_path_spelled_in_another_way(signed: str, sent: str) -> None:
    request = sign("GET", f"https://access-analyzer.amazonaws.com{signed}", b"", service="access-analyzer")
    assert code(replace(request, path=sent), "access-analyzer") == DOES_NOT_MATCH


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ("a=1", "a=1&a=2"),
        ("a=1", "a=1&b="),
        ("a=1", "a=1&b"),
        ("a=1", "a=1&"),
        ("a=1&b=2", "a=1;b=2"),
        ("a=b%20c", "a=b+c"),
        ("a=b%2Bc", "a=b+c"),
        ("a=%2F", "a=%2f"),
        ("a=%2F", "a=/"),
        ("a=%ff", "a=%fe"),
        ("a=1", "a=1\nb"),
        ("a=1", "a=1#b"),
    ],
)
def test_query_spelled_in_another_way(signed: str, sent: str) -> None:
    request = sign("GET", f"https://iam.amazonaws.com/?{signed}", b"")
    assert code(replace(request, query=sent)) == DOES_NOT_MATCH


def test_query_authentication_parameter_twice_or_spelled_in_another_way() -> None:
    request = presign()
    twice = request.query + "&X-Amz-Date=20240101T120000Z"
    spelled = request.query.replace("X-Amz-Date", "X-Amz%2DDate")
    for query in (twice, spelled, request.query.replace("X-Amz-Date", "x-amz-date")):
        assert code(replace(request, query=query), "sts") == INCOMPLETE


@pytest.mark.parametrize("change", [str.upper, lambda s: s[:-1], lambda s: s + "0", lambda s: "", lambda s: "é" * 64])
def test_signature_upper_case_short_long_or_not_ascii(change: Callable[[str], str]) -> None:
    request = sign()
    start, signature = authorization(request).split("Signature=")
    changed = with_header(request, "authorization", f"{start}Signature={change(signature)}")
    assert code(changed) == DOES_NOT_MATCH


def test_signature_version_2() -> None:
    by_query = "AWSAccessKeyId=AKIAQNZGKIQY56JQ7WML&SignatureVersion=2&SignatureMethod=HmacSHA256&Signature=abc"
    request = with_header(sign(), "authorization", None)
    assert code(replace(request, query=by_query)) == MISSING
    assert code(with_header(request, "authorization", f"AWS {KEY_ID}:c2lnbmF0dXJl")) == INCOMPLETE


def test_asymmetric_signature() -> None:
    request = sign()
    downgraded = authorization(request).replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    assert code(with_header(request, "authorization", downgraded)) == INCOMPLETE
    query = presign().query.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    assert code(replace(presign(), query=query), "sts") == INCOMPLETE


@pytest.mark.parametrize("method", ["get", "Post", "", "POST\n/", "PÖST"])
def test_method_that_is_not_one(method: str) -> None:
    assert code(replace(sign(), method=method)) == DOES_NOT_MATCH


def test_line_break_in_a_signed_header() -> None:
    request = sign(headers={"Content-Type": FORM, "X-Amz-Meta": "a b"})
    assert code(with_header(request, "x-amz-meta", "a\nx-amz-other:b")) == DOES_NOT_MATCH
    assert code(with_header(request, "x-amz-meta", "a\r\n b")) == DOES_NOT_MATCH


def test_key_that_is_not_there_costs_the_same_hmac_work(monkeypatch: pytest.MonkeyPatch) -> None:
    derived_from: list[str] = []

    def watched(canonical: bytes, secret: str, known: dict[str, KeyedHash], *, signed: str, scope: Scope) -> str:
        derived_from.append(secret)
        return signature(canonical, secret, known, signed=signed, scope=scope)

    def nobody(key_id: str, token: str | None) -> Credential | None:
        return None

    monkeypatch.setattr("carnet.sigv4.verify.signature", watched)
    assert failure(sign(), look_up=nobody)[0] == "InvalidClientTokenId"
    assert code(sign(secret="x")) == DOES_NOT_MATCH
    assert [len(secret) for secret in derived_from] == [40, 40]
