"""A caller who mistakes one part of a credential for another finds no secret in a log of the server."""

from __future__ import annotations

import base64
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from carnet.entities.operator_token import PREFIX
from carnet.entities.token_form import TOKEN_BYTES
from carnet.server.log import JsonFormatter
from tests.attacks.wire import Connection
from tests.server.in_process import InProcessServer, in_process_server

SECRETS = 40
PIECE = 8
DATE, KEY = "20260102T030405Z", "AKIAQNZGKIQY56JQ7WML"
CREDENTIAL = (KEY, "20260102", "us-east-1", "iam", "aws4_request")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("misplaced")) as running:
        yield running


def header_forms(secret: str) -> Iterator[tuple[str, ...]]:
    """Header lines with the secret where a part of a signature belongs."""
    date = f"x-amz-date: {DATE}"

    def authorization(credential: str, *, algorithm: str = "AWS4-HMAC-SHA256", names: str = "host") -> str:
        return f"authorization: {algorithm} Credential={credential}, SignedHeaders={names}, Signature={'0' * 64}"

    for credential in misplaced(secret):
        yield authorization(credential), date
    whole = "/".join(CREDENTIAL)
    yield authorization(whole, algorithm=secret), date
    yield authorization(whole, names=secret), date
    yield authorization(whole).replace("0" * 64, secret), date
    yield authorization(whole).replace("Signature=", f"{secret}="), date
    yield f"authorization: {secret}", date
    yield f"authorization: AWS {KEY}:{secret}", date
    yield authorization(whole), f"x-amz-date: {secret}"
    yield authorization(whole), f"date: {secret}"
    yield authorization(whole, names="host;x-amz-date;x-amz-security-token"), date, f"x-amz-security-token: {secret}"
    yield authorization(whole), date, f"x-amz-target: {secret}"


def queries(secret: str) -> Iterator[str]:
    """Query strings of presigned requests with the secret where a part of a signature belongs."""
    given = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "/".join(CREDENTIAL),
        "X-Amz-Date": DATE,
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Security-Token": "token",
        "X-Amz-Signature": "0" * 64,
    }
    for credential in misplaced(secret):
        yield form({**given, "X-Amz-Credential": credential})
    for name in given:
        yield form({**given, name: secret})
        yield f"{form(given)}&{name}={quote(secret)}"
        yield form({**given, name: secret}).replace(f"{name}=", f"{name.lower()}=")


def form(given: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())


def misplaced(secret: str) -> Iterator[str]:
    for part in range(len(CREDENTIAL)):
        yield "/".join([*CREDENTIAL[:part], secret, *CREDENTIAL[part + 1 :]])
        yield "/".join([*CREDENTIAL[:part], secret, *CREDENTIAL[part:]])
    yield secret


def raw_requests(secret: str) -> Iterator[bytes]:
    target, body = "/?Action=ListUsers&Version=2010-05-08", b"Action=ListUsers&Version=2010-05-08"
    for lines in header_forms(secret):
        head = "\r\n".join(["POST / HTTP/1.1", "host: iam.amazonaws.com", f"content-length: {len(body)}", *lines])
        yield f"{head}\r\n\r\n".encode() + body
    for query in queries(secret):
        yield f"GET {target}&{query} HTTP/1.1\r\nhost: iam.amazonaws.com\r\n\r\n".encode()


STATUS = {"IncompleteSignature": 400, "MalformedInput": 400, "SignatureDoesNotMatch": 403}


def pieces(secret: str) -> list[str]:
    return [secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)]


def logged(server: InProcessServer, process_log: list[logging.LogRecord]) -> str:
    logs: list[Path] = list(server.installation.settings.audit_file.parent.glob("*"))
    return "\n".join([*(path.read_text() for path in logs), *map(JsonFormatter().format, process_log)])


def test_no_log_holds_a_piece_of_a_secret_that_stands_in_a_wrong_place(
    server: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(1)
    secrets = [base64.b64encode(chance.randbytes(30)).decode() for _ in range(SECRETS)]
    answered: list[str] = []
    with caplog.at_level(logging.DEBUG), Connection(server) as connection:
        for secret in secrets:
            for raw in raw_requests(secret):
                answer = connection.send(raw)
                assert answer.status == STATUS[answer.code], raw
                answered.append(answer.text)
    log = logged(server, caplog.records)
    assert log.count('"errorMessage"') == len(answered)
    leaked = [secret for secret in secrets if any(piece in log for piece in pieces(secret))]
    assert leaked == []
    # What is answered is what is logged: it stands in the logs of the caller.
    assert [secret for secret in secrets if any(piece in text for piece in pieces(secret) for text in answered)] == []


TARGETS = ["/{}", "/v1/{}", "/token/{}", "/console/{}", "/saml/{}", "/scim/{}", "/scim/v2/{}/Users", "/bucket/{}"]
TARGETS += ["/_carnet/{}", "/_carnet/v1/{}", "/_carnet/v1/accounts/{}", "/_carnet/health/{}", "/federation/{}"]
TARGETS += ["/?{}", "/?x={}", "/?Action={}", "/?Action=ListUsers&Version={}", "/authorize?client_id={}", "/logout?{}"]
TARGETS += ["/federation?Action=login&SigninToken={}", "/_carnet/v1/status?token={}", "/scim/v2/Users?filter={}"]
PATHS = ["/", "/token", "/assignment/accounts", "/scim/v2/Users", "/_carnet/v1/status", "/bucket/key"]
LINES = [
    "authorization: Bearer {}",
    "authorization: Basic {}",
    "authorization: DPoP {}",
    "cookie: x={}",
    "cookie: {}=x",
]
LINES += [
    "x-amz-target: {}.ListRoots",
    "x-amz-sso_bearer_token: {}",
    "dpop: {}",
    "origin: {}",
    "accept: {}",
    "range: {}",
]
LINES += ["x-forwarded-for: {}", "content-type: {}", "content-encoding: {}", "transfer-encoding: {}", "expect: {}"]
LINES += ["x-amz-copy-source: /b/{}", "x-amz-server-side-encryption-customer-key: {}", "smithy-protocol: {}", "{}: x"]
FORMS = ["{}", "{}=1", "Action={}", "Action=ListUsers&Version={}", "Action=ListUsers&Version=2010-05-08&{}=1"]
BODIES = [
    "{}",
    "[{}",
    "{{{}:1}}",
    '{{"x":{}}}',
    '{{"clientSecret":{0},"deviceCode":{0},"code":{0},"refreshToken":{0}}}',
]


def strange_requests(secrets: Iterator[str]) -> Iterator[bytes]:
    """Requests that nobody has signed, each with the next secret in a place that is none of it."""
    for target in TARGETS:
        for method in ("GET", "POST", "DELETE"):
            yield raw(target.format(quote(next(secrets), safe="")), method=method)
    for line in LINES:
        yield from (raw(path, line.format(next(secrets))) for path in PATHS)
    for form_ in FORMS:
        yield raw("/", "content-type: application/x-www-form-urlencoded", body=form_.format(quote(next(secrets))))
    for body in BODIES:
        for path in ("/client/register", "/device_authorization", "/token", "/v1/token", "/scim/v2/Users"):
            yield raw(path, "content-type: application/json", body=body.format(f'"{next(secrets)}"'), method="POST")
    yield raw("/", host=next(secrets))
    yield raw("/", method=next(secrets))
    yield f"GET / HTTP/{next(secrets)}\r\nhost: x\r\n\r\n".encode()


def raw(target: str, *lines: str, method: str = "POST", host: str = "127.0.0.1", body: str = "") -> bytes:
    head = [f"{method} {target} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}", "connection: close", *lines]
    return ("\r\n".join(head) + f"\r\n\r\n{body}").encode()


def of_the_forms_given_out(chance: random.Random) -> Iterator[str]:
    """Secrets of access keys, TOTP seeds, operator tokens, access and refresh tokens, one after the other."""
    while True:
        yield base64.b64encode(chance.randbytes(30)).decode()
        yield base64.b32encode(chance.randbytes(40)).decode()
        yield PREFIX + chance.randbytes(TOKEN_BYTES).hex()
        yield "aoa" + base64.urlsafe_b64encode(chance.randbytes(60)).decode()
        yield "ASOR" + base64.urlsafe_b64encode(chance.randbytes(60)).decode()


def test_no_file_and_no_log_holds_a_secret_that_stands_where_nothing_is_read(
    server: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []

    def told() -> Iterator[str]:
        for secret in of_the_forms_given_out(random.Random(2)):
            sent.append(secret)
            yield secret

    with caplog.at_level(logging.DEBUG):
        statuses = [server.send(each)[9:12] for each in strange_requests(told())]
    assert len(sent) == len(statuses) > 200
    assert b"" not in statuses
    assert {status[:1] for status in statuses} <= {b"2", b"3", b"4"}
    held = [path.read_bytes() for path in server.installation.settings.data_dir.rglob("*") if path.is_file()]
    logs = b"\n".join([*held, *(JsonFormatter().format(record).encode() for record in caplog.records)])
    assert [secret for secret in sent if secret[8:32].encode() in logs] == []
