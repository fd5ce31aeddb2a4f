"""What Carnet's commands sign is what botocore signs, and is accepted."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from carnet.base.http import HttpRequest
from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.signing import SigningCredentials, signing_headers
from carnet.sigv4.verify import verify
from tests.sigv4.signing import (
    KEY_ID,
    NOW,
    SECRET,
    SESSION,
    SESSION_KEY_ID,
    SESSION_SECRET,
    TOKEN,
    USER,
    find,
    sign,
)

USERS = SigningCredentials(access_key_id=KEY_ID, secret_access_key=SECRET)
SESSIONS = SigningCredentials(access_key_id=SESSION_KEY_ID, secret_access_key=SESSION_SECRET, session_token=TOKEN)


def unsigned(url: str) -> HttpRequest:
    parts = urlsplit(url)
    return HttpRequest(
        method="GET",
        path=parts.path,
        query=parts.query,
        headers=(("host", parts.netloc),),
        peer="127.0.0.1",
        secure=False,
        body=b"",
    )


@pytest.mark.parametrize("credentials", [USERS, SESSIONS], ids=["user", "session"])
@pytest.mark.parametrize("target", ["", "/b?after=1%3A2&account=1", "/decisions/a:b", "/x%20y?z=%C3%A4"])
def test_it_is_what_botocore_signs(credentials: SigningCredentials, target: str) -> None:
    url = f"http://127.0.0.1:4747/_carnet/v1{target}"
    request = unsigned(url)
    added = signing_headers(request, credentials, service="carnet", region="eu-west-1", now=NOW)
    theirs = sign(
        "GET",
        url,
        b"",
        {},
        service="carnet",
        region="eu-west-1",
        key_id=credentials.access_key_id,
        secret=credentials.secret_access_key,
        token=credentials.session_token,
    )
    assert added["authorization"] == theirs.header("authorization")
    signed = replace(request, headers=(*request.headers, *added.items()))
    verified = verify(signed, service="carnet", now=NOW + timedelta(minutes=1), find=find)
    assert (verified.credential, verified.region) == (SESSION if credentials is SESSIONS else USER, "eu-west-1")


def test_a_path_that_is_not_normalised_is_not_signed() -> None:
    with pytest.raises(AuthFailure):
        signing_headers(unsigned("http://x/a/../b"), USERS, service="carnet", region="us-east-1", now=NOW)


def test_no_secret_is_shown() -> None:
    shown = repr(SESSIONS)
    assert SESSION_SECRET not in shown
    assert TOKEN not in shown
