"""What Amazon S3's signatures leave out and take literally, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from unittest.mock import patch

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.canonical import literal_path
from carnet.sigv4.verify import verify, verify_head
from tests.sigv4.signing import KEY_ID, NOW, SECRET, USER, botocore_clock, find, received, sign, with_header

BODY = b"an object"
PATHS = ["/", "/bucket", "/b/a//b", "/b/./a/../c", "/b/a%2Fb", "/b/a%20b~c", "/b/%E2%82%AC", "/b//"]


@pytest.mark.parametrize("path", ["b", "b/a", "/b/\xe9", "/b/a b", "/b/a\n", "/b/\x7f"])
def test_a_path_is_visible_ascii_behind_a_slash(path: str) -> None:
    with pytest.raises(AuthFailure) as refused:
        literal_path(path)
    assert refused.value.code == "SignatureDoesNotMatch"


def s3(
    method: str = "PUT",
    path: str = "/bucket/key",
    body: bytes = BODY,
    *,
    presigned: bool = False,
    sign_payload: bool = True,
    service: str = "s3",
    headers: Mapping[str, str] | None = None,
) -> HttpRequest:
    """A request as botocore signs it for S3."""
    # The query signer takes a body for a form to be signed along, so it gets none.
    data = b"" if presigned else body
    request = AWSRequest(method=method, url=f"https://s3.amazonaws.com{path}", data=data, headers=dict(headers or {}))
    request.context["client_config"] = Config(s3={"payload_signing_enabled": sign_payload})
    signer = auth.S3SigV4QueryAuth if presigned else auth.S3SigV4Auth
    with botocore_clock(NOW):
        signer(Credentials(KEY_ID, SECRET), service, "us-east-1").add_auth(request)
    return received(request, body)


def accepted(request: HttpRequest, service: str) -> bool:
    try:
        verify(request, service=service, now=NOW, find=find)
    except AuthFailure:
        return False
    return True


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("presigned", [False, True])
def test_the_path_of_s3_is_signed_as_it_is_sent(path: str, presigned: bool) -> None:
    request = s3(path=path, presigned=presigned)
    assert request.path == path
    assert accepted(request, "s3")
    for other in (path + "/", path.replace("//", "/"), path.replace("%2F", "/"), path.replace("%20", "%2520")):
        assert other == path or not accepted(replace(request, path=other), "s3")


@pytest.mark.parametrize("path", ["/b/a b", "/b/\xff", "b/key", "*", "/b/k\n"])
def test_a_path_of_s3_that_is_none(path: str) -> None:
    assert not accepted(replace(s3(), path=path), "s3")


@pytest.mark.parametrize("path", PATHS)
def test_the_path_of_another_service_is_encoded_once_more(path: str) -> None:
    usual = path not in ("/b/a//b", "/b/./a/../c", "/b//")
    assert accepted(sign("PUT", f"https://iam.amazonaws.com{path}", BODY), "iam") is usual
    encoded = "%" in path
    assert accepted(s3(path=path, service="iam"), "iam") is (usual and not encoded)


def test_a_signed_payload_of_s3_is_checked() -> None:
    request = s3()
    assert request.header("x-amz-content-sha256") == sha256(BODY).hexdigest()
    assert accepted(request, "s3")
    assert not accepted(replace(request, body=b"another"), "s3")


@pytest.mark.parametrize("presigned", [False, True])
def test_an_unsigned_payload_is_s3s_alone(presigned: bool) -> None:
    request = s3(presigned=presigned, sign_payload=False)
    assert accepted(request, "s3")
    assert accepted(replace(request, body=b"another"), "s3")
    for service in ("iam", "sts", "organizations"):
        assert not accepted(s3(service=service, presigned=presigned, sign_payload=False), service)


def test_a_payload_cannot_be_made_unsigned_by_the_way() -> None:
    signed, unsigned = s3(), s3(sign_payload=False)
    assert not accepted(with_header(signed, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "s3")
    assert not accepted(with_header(signed, "x-amz-content-sha256", None), "s3")
    assert not accepted(with_header(unsigned, "x-amz-content-sha256", sha256(BODY).hexdigest()), "s3")
    assert not accepted(with_header(s3(presigned=True), "x-amz-content-sha256", sha256(BODY).hexdigest()), "s3")


CHUNKED = [
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
]


def signed_as(declared: str, service: str = "s3") -> HttpRequest:
    """A request whose head alone is signed, with what it declares of its body."""
    request = AWSRequest(method="PUT", url="https://s3.amazonaws.com/bucket/key", headers={})
    request.headers["X-Amz-Content-SHA256"] = declared
    signer = auth.S3SigV4Auth(Credentials(KEY_ID, SECRET), service, "us-east-1")
    with botocore_clock(NOW), patch.object(signer, "payload", lambda _: declared):
        signer.add_auth(request)
    return received(request, BODY)


@pytest.mark.parametrize("declared", CHUNKED)
def test_of_a_body_in_chunks_the_head_is_signed(declared: str) -> None:
    request = signed_as(declared)
    assert request.header("x-amz-content-sha256") == declared
    assert accepted(request, "s3")
    assert not accepted(replace(request, path="/bucket/other"), "s3")
    for other in (*CHUNKED, "UNSIGNED-PAYLOAD", sha256(BODY).hexdigest()):
        assert other == declared or not accepted(with_header(request, "x-amz-content-sha256", other), "s3")


@pytest.mark.parametrize("declared", CHUNKED)
@pytest.mark.parametrize("service", ["iam", "sts", "organizations"])
def test_a_body_in_chunks_is_s3s_alone(declared: str, service: str) -> None:
    assert not accepted(signed_as(declared, service), service)


@pytest.mark.parametrize("declared", [*CHUNKED, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "unsigned-payload", ""])
def test_a_payload_is_not_declared_by_the_way(declared: str) -> None:
    request = s3(headers={"X-Amz-Content-SHA256": declared})
    assert not accepted(with_header(request, "x-amz-content-sha256", declared), "s3")


@pytest.mark.parametrize("service", ["s3", "s3-outposts", "s3-object-lambda", "s3express"])
def test_the_services_that_sign_like_s3(service: str) -> None:
    assert accepted(s3(path="/b/a//b", service=service, sign_payload=False), service)


HASHED = sha256(BODY).hexdigest()


@pytest.mark.parametrize("declared", [*CHUNKED, "UNSIGNED-PAYLOAD", HASHED])
def test_a_head_is_verified_before_its_body_has_come(declared: str) -> None:
    request = signed_as(declared)
    head = verify_head(request, service="s3", now=NOW, find=find)
    assert (head.caller.credential, head.payload) == (USER, declared)
    assert (head.chunks is not None) == (declared in CHUNKED)
    if head.chunks is not None:
        assert head.chunks.seed in str(request.header("authorization"))
        assert head.chunks.scope == "20240101/us-east-1/s3/aws4_request"
    with pytest.raises(AuthFailure):
        verify_head(replace(request, path="/bucket/other"), service="s3", now=NOW, find=find)


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("", "InvalidArgument"),
        (HASHED.upper(), "InvalidArgument"),
        (f"{HASHED}0", "InvalidArgument"),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "InvalidArgument"),
    ],
)
def test_a_head_says_what_its_body_will_be(declared: str, code: str) -> None:
    with pytest.raises(AuthFailure) as caught:
        verify_head(with_header(signed_as(HASHED), "x-amz-content-sha256", declared), service="s3", now=NOW, find=find)
    assert caught.value.code == code
    with pytest.raises(AuthFailure) as caught:
        verify_head(sign("PUT", "https://s3.amazonaws.com/b/k", service="s3"), service="s3", now=NOW, find=find)
    assert caught.value.code == "InvalidRequest"


def test_of_a_service_that_is_not_s3_a_body_is_hashed() -> None:
    for declared in (*CHUNKED, "UNSIGNED-PAYLOAD"):
        with pytest.raises(AuthFailure):
            verify_head(signed_as(declared, "sqs"), service="sqs", now=NOW, find=find)


@pytest.mark.parametrize("sent", ["prefix=a%2Fb&delimiter=%2F", "prefix=a/b&delimiter=/", "delimiter=/&prefix=a%2Fb"])
def test_the_query_of_s3_is_signed_encoded_however_it_is_sent(sent: str) -> None:
    """As s3fs sends `/`, and every SDK of AWS signs it."""
    request = s3("GET", "/bucket?delimiter=%2F&prefix=a%2Fb", b"")
    assert accepted(replace(request, query=sent), "s3")
    for other in ("prefix=a/c&delimiter=/", "prefix=a/b&delimiter=%252F", "prefix=a/b", "prefix/=ab&delimiter=/"):
        assert not accepted(replace(request, query=other), "s3")


def test_what_is_encoded_in_a_query_of_s3_parts_nothing() -> None:
    """Where a name ends and where a value does is not changed by it; `+` and hexadecimal digits are as they came."""
    request = s3("GET", "/bucket?continuation-token=a%3D%26b%2B", b"")
    assert accepted(replace(request, query="continuation-token=a=%26b%2B"), "s3")
    for other in ("continuation-token=a=&b%2B", "continuation-token=a%3D%26b+", "continuation-token%3Da%3D%26b%2B"):
        assert not accepted(replace(request, query=other), "s3")


def test_the_query_of_another_service_is_signed_as_it_is_sent() -> None:
    request = sign("GET", "https://iam.amazonaws.com/?Marker=a%2Fb", b"")
    assert accepted(request, "iam")
    assert not accepted(replace(request, query="Marker=a/b"), "iam")
