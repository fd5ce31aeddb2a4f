"""What botocore signs is accepted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.sigv4.verify import verify
from tests.sigv4.signing import (
    FORM,
    KEY_ID,
    MISMATCH,
    NOW,
    SECRET,
    SESSION,
    SESSION_KEY_ID,
    SESSION_SECRET,
    TOKEN,
    USER,
    botocore_clock,
    failure,
    find,
    presign,
    sign,
    with_header,
)

ANALYZER = "arn:aws:access-analyzer:us-east-1:029608264753:analyzer/a b~c%d"


@pytest.mark.parametrize(
    ("service", "signing_name", "operation", "params"),
    [
        ("iam", "iam", "ListUsers", {}),
        ("iam", "iam", "CreateUser", {"UserName": "alice", "Path": "/ä ö/", "Tags": [{"Key": "a+b", "Value": "ü"}]}),
        ("sts", "sts", "GetCallerIdentity", {}),
        ("organizations", "organizations", "DescribeOrganization", {}),
        ("sso-admin", "sso", "ListInstances", {}),
        ("identitystore", "identitystore", "ListUsers", {"IdentityStoreId": "d-1234567890"}),
        ("accessanalyzer", "access-analyzer", "ListAnalyzers", {"type": "ACCOUNT", "maxResults": 5}),
        ("accessanalyzer", "access-analyzer", "ListTagsForResource", {"resourceArn": ANALYZER}),
        ("accessanalyzer", "access-analyzer", "UntagResource", {"resourceArn": ANALYZER, "tagKeys": ["b", "a", "a b"]}),
        ("sso-oidc", "sso-oauth", "CreateTokenWithIAM", {"clientId": "c", "grantType": "refresh_token"}),
    ],
)
@pytest.mark.parametrize("token", [None, TOKEN])
def test_requests_of_botocore_clients(
    service: str, signing_name: str, operation: str, params: dict[str, Any], token: str | None
) -> None:
    request = sent_by_client(service, operation, params, token)
    verified = verify(request, service=signing_name, now=NOW, find=find)
    assert verified.credential is (SESSION if token else USER)
    assert (verified.service, verified.region, verified.presigned) == (signing_name, "us-east-1", False)


class Sent(Exception):
    """Raised in the place of sending."""


def sent_by_client(service: str, operation: str, params: dict[str, Any], token: str | None) -> HttpRequest:
    session: Any = botocore.session.get_session()
    key_id, secret = (SESSION_KEY_ID, SESSION_SECRET) if token else (KEY_ID, SECRET)
    client = session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url="http://localhost:4747",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )
    sent: list[AWSPreparedRequest] = []

    def instead_of_sending(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(request)
        raise Sent

    client.meta.events.register("before-send", instead_of_sending)
    with botocore_clock(NOW), pytest.raises(Sent):
        client._make_api_call(operation, params)
    return prepared(sent[0])


def prepared(request: AWSPreparedRequest) -> HttpRequest:
    parts = urlsplit(str(request.url))
    fields: dict[str, str | bytes] = dict(request.headers.items())
    headers = [(name.lower(), value.decode() if isinstance(value, bytes) else value) for name, value in fields.items()]
    body: Any = request.body or b""
    return HttpRequest(
        method=str(request.method),
        path=parts.path,
        query=parts.query,
        headers=(*headers, ("host", parts.netloc)),
        body=body if isinstance(body, bytes) else str(body).encode(),
        peer="127.0.0.1",
        secure=False,
    )


def test_presigned_request() -> None:
    verified = verify(presign(), service="sts", now=NOW, find=find)
    assert verified.credential is USER
    assert verified.presigned


def test_presigned_request_of_a_session() -> None:
    request = presign(key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)
    assert verify(request, service="sts", now=NOW, find=find).credential is SESSION


def test_presigned_request_with_a_signed_header() -> None:
    request = presign(headers={"x-k8s-aws-id": "cluster"})
    assert verify(request, service="sts", now=NOW, find=find).presigned
    assert failure(with_header(request, "x-k8s-aws-id", "other"), service="sts") == ("SignatureDoesNotMatch", MISMATCH)


def test_date_header_instead_of_x_amz_date() -> None:
    request = sign(headers={"Content-Type": FORM, "Date": "now"})
    assert request.header("x-amz-date") is None
    assert verify(request, service="iam", now=NOW, find=find).credential is USER


def test_repeated_signed_header_is_joined() -> None:
    signed = sign(headers={"Content-Type": FORM, "X-Extra": "a,b"})
    parted = with_header(signed, "x-extra", None)
    parted = replace(parted, headers=(*parted.headers, ("x-extra", "a"), ("x-extra", "b")))
    assert verify(parted, service="iam", now=NOW, find=find).credential is USER


def test_a_signed_header_may_have_any_name() -> None:
    signed = sign(headers={"Content-Type": FORM, "X-100%s": "of 100%", "X-%d": "a"})
    assert ";x-%d;x-100%s" in signed.first["authorization"]
    assert verify(signed, service="iam", now=NOW, find=find).credential is USER
    assert failure(with_header(signed, "x-%d", "b")) == ("SignatureDoesNotMatch", MISMATCH)


def test_headers_that_proxies_add_need_no_signature() -> None:
    request = with_header(with_header(sign(), "x-amzn-trace-id", "Root=1-2-3"), "x-forwarded-for", "203.0.113.9")
    assert verify(request, service="iam", now=NOW, find=find).credential is USER


def test_declared_payload_hash_that_is_right() -> None:
    request = sign(
        body=b"", headers={"X-Amz-Content-SHA256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    )
    assert verify(request, service="iam", now=NOW, find=find).credential is USER
