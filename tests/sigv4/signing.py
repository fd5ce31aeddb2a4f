"""botocore signs; what comes out is turned into the request that a server would see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.credential import Credential, TokenExpired
from carnet.policy.request import Principal, PrincipalKind
from carnet.sigv4.verify import verify

NOW = datetime(2024, 1, 1, 12, 0, 0, tzinfo=UTC)
KEY_ID, SECRET = "AKIAQNZGKIQY56JQ7WML", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SESSION_KEY_ID, SESSION_SECRET, TOKEN = (
    "ASIAY34FZKBOKMUTVV7A",
    "s3cr3t/of+a/session/which+is+forty/long=",
    "AbC-_/+" * 5,
)
EXPIRED_TOKEN = "long-gone"
FORM = "application/x-www-form-urlencoded; charset=utf-8"

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
INVALID_TOKEN = "The security token included in the request is invalid."

USER = Credential(
    key_id=KEY_ID,
    secret=SECRET,
    principal=Principal(kind=PrincipalKind.USER, arn="arn:aws:iam::029608264753:user/alice", account="029608264753"),
)
SESSION = Credential(
    key_id=SESSION_KEY_ID,
    secret=SESSION_SECRET,
    principal=Principal(kind=PrincipalKind.ROLE_SESSION, account="609629065308"),
)


def find(key_id: str, token: str | None) -> Credential | None:
    """One user's access key and one session; a second token of that session is over."""
    if token == EXPIRED_TOKEN:
        raise TokenExpired
    return {(KEY_ID, None): USER, (SESSION_KEY_ID, TOKEN): SESSION}.get((key_id, token))


@contextmanager
def botocore_clock(moment: datetime) -> Iterator[None]:
    """Turns the clock that botocore signs by."""
    with patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        yield


def sign(
    method: str = "POST",
    url: str = "https://iam.amazonaws.com/",
    body: bytes = b"Action=ListUsers&Version=2010-05-08",
    headers: Mapping[str, str] | None = None,
    *,
    service: str = "iam",
    region: str = "us-east-1",
    at: datetime = NOW,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    token: str | None = None,
) -> HttpRequest:
    """A request signed in its Authorization header."""
    given = {"Content-Type": FORM} if headers is None else dict(headers)
    request = AWSRequest(method=method, url=url, data=body, headers=given)
    with botocore_clock(at):
        auth.SigV4Auth(Credentials(key_id, secret, token), service, region).add_auth(request)
    return received(request, body)


def presign(
    url: str = "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
    headers: Mapping[str, str] | None = None,
    *,
    expires: Any = 3600,
    service: str = "sts",
    region: str = "us-east-1",
    at: datetime = NOW,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    token: str | None = None,
) -> HttpRequest:
    """A request signed in its query string."""
    request = AWSRequest(method="GET", url=url, headers=dict(headers or {}))
    with botocore_clock(at):
        auth.SigV4QueryAuth(Credentials(key_id, secret, token), service, region, expires=expires).add_auth(request)
    return received(request, b"")


def received(request: AWSRequest, body: bytes) -> HttpRequest:
    """The request as it arrives: botocore leaves Host to its HTTP client."""
    parts = urlsplit(str(request.url))
    headers = [(name.lower(), str(value).strip()) for name, value in request.headers.items()]
    if "Host" not in request.headers:
        headers.append(("host", parts.netloc))
    return HttpRequest(
        method=str(request.method),
        path=parts.path,
        query=parts.query,
        headers=tuple(headers),
        body=body,
        peer="127.0.0.1",
        secure=parts.scheme == "https",
    )


def failure(
    request: HttpRequest,
    *,
    service: str = "iam",
    now: datetime = NOW,
    look_up: Callable[[str, str | None], Credential | None] = find,
) -> tuple[str, str]:
    """The code and the message with which the request is refused."""
    with pytest.raises(AuthFailure) as caught:
        verify(request, service=service, now=now, find=look_up)
    return caught.value.code, caught.value.message


def with_header(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    """The request with one header set anew, or taken away."""
    others = tuple(pair for pair in request.headers if pair[0] != name)
    return replace(request, headers=others if value is None else (*others, (name, value)))
