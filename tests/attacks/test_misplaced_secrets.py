"""A caller who mistakes one part of a credential for another finds no secret in a log of the server."""

from __future__ import annotations

import base64
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

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
