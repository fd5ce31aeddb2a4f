"""What is refused, in AWS's words."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from msgspec.structs import replace

from carnet.sigv4.verify import _NOBODYS_SECRET, verify
from tests.sigv4.signing import (
    EXPIRED_TOKEN,
    INVALID_TOKEN,
    KEY_ID,
    MISMATCH,
    NOW,
    SECRET,
    TOKEN,
    failure,
    find,
    presign,
    sign,
    with_header,
)


def test_no_signature_at_all() -> None:
    assert failure(with_header(sign(), "authorization", None)) == (
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
    )


def test_wrong_secret() -> None:
    assert failure(sign(secret="x" * 40)) == ("SignatureDoesNotMatch", MISMATCH)


def test_expired_token() -> None:
    assert failure(sign(token=EXPIRED_TOKEN)) == (
        "ExpiredToken",
        "The security token included in the request is expired",
    )


@pytest.mark.parametrize("key_id", ["AKIAUNKNOWNUNKNOWNUN", "short", "AKIA" + "A" * 200, "AKIAÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", ""])
def test_unknown_key(key_id: str) -> None:
    request = sign()
    given = str(request.header("authorization")).replace(KEY_ID, key_id)
    assert failure(with_header(request, "authorization", given)) == ("InvalidClientTokenId", INVALID_TOKEN)


def test_key_that_is_not_there_is_no_way_in_with_the_secret_that_stands_for_it() -> None:
    request = sign(secret=_NOBODYS_SECRET)
    assert failure(request, look_up=lambda key_id, token: None) == ("InvalidClientTokenId", INVALID_TOKEN)


def test_authorization_without_parameters() -> None:
    message = (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) "
        "Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0="
    )
    assert failure(with_header(sign(), "authorization", "AWS4-HMAC-SHA256")) == ("IncompleteSignature", message)


def test_credential_of_four_parts() -> None:
    given = "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/iam, SignedHeaders=host, Signature=b"
    message = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '...'"
    assert failure(with_header(sign(), "authorization", given)) == ("IncompleteSignature", message)


@pytest.mark.parametrize("authorization", ["Bearer abc", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256 Credential=a, b"])
def test_authorization_that_is_not_pairs_is_not_repeated_to_the_caller(authorization: str) -> None:
    code, message = failure(with_header(sign(), "authorization", authorization))
    assert code == "IncompleteSignature"
    assert message.startswith("Invalid key=value pair (missing equal-sign) in Authorization header")
    assert authorization.split()[1] not in message


def test_no_date() -> None:
    code, message = failure(with_header(sign(), "x-amz-date", None))
    assert code == "IncompleteSignature"
    assert message.startswith(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256"
    )


@pytest.mark.parametrize("date", ["", "20240101", "2024-01-01T12:00:00Z", "20241301T000000Z"])
def test_malformed_date(date: str) -> None:
    assert failure(with_header(sign(), "x-amz-date", date)) == (
        "IncompleteSignature",
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601",
    )


@pytest.mark.parametrize("date", ["٢٠240101T000000Z", SECRET, SECRET[:8], KEY_ID, "20240101T120000Z" * 3])
def test_what_does_not_look_like_a_date_is_not_repeated(date: str) -> None:
    assert failure(with_header(sign(), "x-amz-date", date)) == (
        "IncompleteSignature",
        "Date must be in ISO-8601 'basic format'. Got '...'. See http://en.wikipedia.org/wiki/ISO_8601",
    )


@pytest.mark.parametrize(
    ("algorithm", "repeated"),
    [("AWS4-ECDSA-P256-SHA256", True), ("AWS4-HMAC-SHA512", True), ("AWS4-HMAC-SHA256x", False), (SECRET, False)],
)
def test_an_algorithm_that_is_another(algorithm: str, repeated: bool) -> None:
    message = f"Unsupported AWS 'algorithm': '{algorithm if repeated else '...'}'."
    given = str(sign().header("authorization")).replace("AWS4-HMAC-SHA256", algorithm)
    assert failure(with_header(sign(), "authorization", given)) == ("IncompleteSignature", message)
    query = presign().query.replace("AWS4-HMAC-SHA256", quote(algorithm, safe=""))
    assert failure(replace(presign(), query=query), service="sts") == ("IncompleteSignature", message)


def test_presigned_request_that_is_not_whole() -> None:
    request = replace(presign(), query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a")
    message = (
        "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include "
        "'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string "
        "parameters."
    )
    assert failure(request, service="sts") == ("IncompleteSignature", message)


def test_every_fault_of_the_scope_is_told() -> None:
    scope = f"{KEY_ID}/20240102/US_EAST/sts/aws5_request"
    given = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host;x-amz-date, Signature=0"
    message = (
        "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'iam'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20240102' != '20240101', from '20240101T120000Z'."
    )
    assert failure(with_header(sign(), "authorization", given)) == ("SignatureDoesNotMatch", message)


def test_a_region_that_is_none_is_told() -> None:
    for region in ("", "US", "US_EAST"):
        given = str(sign().header("authorization")).replace("/us-east-1/", f"/{region}/")
        told = failure(with_header(sign(), "authorization", given))
        assert told == ("SignatureDoesNotMatch", "Credential should be scoped to a valid region.")


@pytest.mark.parametrize("date", ["", "2024", "202401010", "20240101T120000Z"])
def test_a_scope_is_of_the_day_and_of_no_longer_time(date: str) -> None:
    given = str(sign().header("authorization")).replace("/20240101/", f"/{date}/")
    code, message = failure(with_header(sign(), "authorization", given))
    assert code == "SignatureDoesNotMatch"
    assert message.startswith("Date in Credential scope does not match YYYYMMDD")


@pytest.mark.parametrize("part", range(1, 5))
def test_a_secret_in_the_place_of_a_part_of_the_scope_is_not_repeated(part: int) -> None:
    secret = "0a1B" * 10
    parts = [KEY_ID, "20240101", "us-east-1", "iam", "aws4_request"]
    parts[part] = secret
    given = f"AWS4-HMAC-SHA256 Credential={'/'.join(parts)}, SignedHeaders=content-type;host;x-amz-date, Signature=0"
    code, message = failure(with_header(sign(), "authorization", given))
    assert code == "SignatureDoesNotMatch"
    assert secret not in message


def test_failures_and_callers_show_no_secret() -> None:
    for request in (sign(secret="x" * 40), sign(token=TOKEN), sign(token=EXPIRED_TOKEN)):
        assert SECRET not in repr(failure(request))
    assert SECRET not in repr(verify(sign(), service="iam", now=NOW, find=find))
