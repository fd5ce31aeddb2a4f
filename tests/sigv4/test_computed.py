"""What a log may keep of a request whose signature is refused."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from carnet.base.http import HttpRequest
from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.computed import LONGEST, computed
from carnet.sigv4.verify import verify
from tests.sigv4.signing import (
    FORM,
    KEY_ID,
    NOW,
    SESSION_KEY_ID,
    SESSION_SECRET,
    TOKEN,
    botocore_clock,
    find,
    presign,
    sign,
    with_header,
)

BODY = b"Action=ListUsers&Version=2010-05-08"
WRONG = "0" * 40


def refused(request: HttpRequest, service: str = "iam") -> AuthFailure:
    with pytest.raises(AuthFailure) as caught:
        verify(request, service=service, now=NOW, find=find)
    return caught.value


def botocores(headers: Mapping[str, str]) -> tuple[str, str]:
    """The canonical request and the string to sign that botocore makes."""
    request = AWSRequest(method="POST", url="https://iam.amazonaws.com/a b?b=2&a=1", data=BODY, headers=dict(headers))
    signer: Any = auth.SigV4Auth(Credentials(KEY_ID, WRONG), "iam", "us-east-1")
    with botocore_clock(NOW):
        signer.add_auth(request)
    del request.headers["Authorization"]
    text = signer.canonical_request(request)
    return text, signer.string_to_sign(request, text)


def test_it_is_what_botocore_signs() -> None:
    headers = {"Content-Type": FORM, "X-Amz-Meta": "a  b"}
    request = sign(url="https://iam.amazonaws.com/a%20b?b=2&a=1", body=BODY, headers=headers, secret=WRONG)
    kept = refused(request).computed
    canonical, to_sign = botocores(headers)
    assert kept["canonicalRequest"] == canonical.replace("/a%20b", "/a%2520b")
    assert kept["stringToSign"].split("\n")[:3] == to_sign.split("\n")[:3]
    assert kept["stringToSign"].split("\n")[3] == sha256(kept["canonicalRequest"].encode()).hexdigest()


def test_the_failure_itself_tells_the_caller_nothing_of_it() -> None:
    failure = refused(sign(secret=WRONG))
    assert "POST" in failure.computed["canonicalRequest"]
    assert failure.message == str(failure)
    assert "POST" not in failure.message


def test_a_session_token_is_a_digest() -> None:
    request = sign(key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)
    kept = refused(with_header(request, "content-type", "text/plain")).computed["canonicalRequest"]
    assert TOKEN not in kept
    assert f"\nx-amz-security-token:<sha256 of {sha256(TOKEN.encode()).hexdigest()}>\n" in kept

    presigned = presign(key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)
    changed = HttpRequest(
        method="GET",
        path="/",
        query=presigned.query.replace("Action=", "Actian="),
        headers=presigned.headers,
        body=b"",
        peer="127.0.0.1",
        secure=True,
    )
    kept = refused(changed, "sts").computed["canonicalRequest"]
    sent = next(pair for pair in presigned.query.split("&") if pair.startswith("X-Amz-Security-Token="))
    value = sent.partition("=")[2]
    assert value not in kept
    assert f"&X-Amz-Security-Token=<sha256 of {sha256(value.encode()).hexdigest()}>&" in kept
    assert f"&X-Amz-Credential={SESSION_KEY_ID}%2F20240101%2Fus-east-1%2Fsts%2Faws4_request&" in kept


@pytest.mark.parametrize(
    "name",
    [
        *("NewPassword", "TokenCode", "AuthenticationCode1", "SecretAccessKey", "SAMLAssertion", "WebIdentityToken"),
        *("Pass%77ord", "PASSWORD", "clientSecret"),
    ],
)
def test_a_parameter_that_proves_something_is_a_digest(name: str) -> None:
    value = "hunter2%2Fhunter2=3"
    kept = computed(f"GET\n/\nAction=X&{name}={value}\nhost:h\n\nhost\n0".encode(), b"")["canonicalRequest"]
    assert "hunter2" not in kept
    assert f"Action=X&{name}=<sha256 of {sha256(value.encode()).hexdigest()}>\nhost:h\n" in kept


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "cookie", "x-amz-sso_bearer_token", "proxy-authorization"),
        *("x-amz-server-side-encryption-customer-key", "x-amz-copy-source-server-side-encryption-customer-key"),
    ],
)
def test_a_header_that_proves_something_is_a_digest(name: str) -> None:
    kept = computed(f"GET\n/\n\n{name}:hunter2\nhost:h\n\nhost\n0".encode(), b"")["canonicalRequest"]
    assert kept == f"GET\n/\n\n{name}:<sha256 of {sha256(b'hunter2').hexdigest()}>\nhost:h\n\nhost\n0"


@pytest.mark.parametrize("name", ["content-type", "x-amz-target", "x-amz-server-side-encryption-customer-key-md5"])
def test_what_proves_nothing_is_shown(name: str) -> None:
    text = f"GET\n/\n\n{name}:a\nhost:h\n\n{name};host\n0"
    assert computed(text.encode(), b"")["canonicalRequest"] == text


def test_how_much_is_kept() -> None:
    fits = "GET\n/".ljust(LONGEST - 1, "x") + "\n"
    assert computed(fits.encode(), b"")["canonicalRequest"] == fits
    longer = computed(f"{fits}12345".encode(), b"")["canonicalRequest"]
    assert longer == f"{fits}... (5 characters more)"


@pytest.mark.parametrize(
    "request_",
    [
        sign(key_id="AKIAQNZGKIQY56JQ7WMA"),
        sign(service="sts"),
        with_header(sign(), "x-amz-extra", "unsigned"),
        with_header(sign(), "authorization", None),
    ],
    ids=["unknown key", "foreign scope", "unsigned header", "no signature"],
)
def test_nothing_is_kept_of_what_was_never_compared(request_: HttpRequest) -> None:
    assert not refused(request_).computed
