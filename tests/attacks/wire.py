"""Requests as an attacker sends them: signed where that helps, and in whatever bytes."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

from carnet.audit.reading import parsed
from carnet.audit.segments import Segments
from carnet.base.http import HttpRequest
from tests.server.in_process import InProcessServer
from tests.sigv4.signing import presign, sign
from tests.waiting import PATIENCE_SECONDS

VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
_CODE = re.compile(r"<Code>(.*?)</Code>")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_SIGNING = threading.Lock()
"""Turning botocore's clock is not for two threads at once."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody who has credentials."""

    key_id: str
    secret: str
    token: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Holder:
        """The holder of what CreateAccessKey or AssumeRole gave out."""
        return cls(key_id=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given.get("SessionToken"))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    head: str = ""
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def code(self) -> str:
        found = _CODE.search(self.text)
        return found[1] if found else ""

    @property
    def message(self) -> str:
        found = _MESSAGE.search(self.text)
        return unescape(found[1]) if found else ""

    @property
    def closes(self) -> bool:
        return "connection: close" in self.head.lower()


def root_of(server: InProcessServer) -> Holder:
    return Holder(key_id=server.root.access_key_id, secret=server.root.secret_access_key)


def signed(server: InProcessServer, holder: Holder, operation: str, *, service: str = "iam", **given: str) -> bytes:
    """A rightly signed call of the query protocol."""
    body = urlencode({"Action": operation, "Version": VERSIONS[service], **given}).encode()
    return as_bytes(signed_request(server, holder, body, service=service))


def signed_request(
    server: InProcessServer,
    holder: Holder,
    body: bytes,
    *,
    service: str = "iam",
    method: str = "POST",
    target: str = "/",
    headers: Mapping[str, str] | None = None,
) -> HttpRequest:
    """A request signed by botocore, to be bent before it is sent."""
    with _SIGNING:
        return sign(
            method,
            server.endpoint + target,
            body,
            headers,
            service=service,
            at=server.clock(),
            key_id=holder.key_id,
            secret=holder.secret,
            token=holder.token,
        )


def presigned(
    server: InProcessServer, holder: Holder, target: str, *, service: str = "sts", expires: int = 900
) -> HttpRequest:
    """A request signed in its query string."""
    with _SIGNING:
        return presign(
            server.endpoint + target,
            service=service,
            expires=expires,
            at=server.clock(),
            key_id=holder.key_id,
            secret=holder.secret,
            token=holder.token,
        )


def as_bytes(request: HttpRequest, *more_lines: bytes) -> bytes:
    """The request on the wire, with further header lines at the end."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {target} HTTP/1.1".encode("latin-1")]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in request.headers]
    lines += [f"content-length: {len(request.body)}".encode(), *more_lines]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.body


class Connection:
    """A connection that is kept, and opened anew where the server has closed it."""

    def __init__(self, server: InProcessServer) -> None:
        self._address = ("127.0.0.1", server.port)
        self._socket: socket.socket | None = None
        self._received = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._received = None, b""

    def send(self, raw: bytes) -> Answer:
        """One request, one answer; TimeoutError where the server does not answer."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=PATIENCE_SECONDS)
        try:
            self._socket.sendall(raw)
            answer = self._answer(self._socket)
        except ConnectionError:
            answer = Answer(status=0)
        if answer.closes or not answer.status:
            self.close()
        return answer

    def _answer(self, connection: socket.socket) -> Answer:
        while b"\r\n\r\n" not in self._received:
            self._receive(connection)
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        length = _length(head)
        while len(self._received) < length:
            self._receive(connection)
        body, self._received = self._received[:length], self._received[length:]
        return Answer(status=int(head.split(b" ", 2)[1]), head=head.decode("latin-1"), body=body)

    def _receive(self, connection: socket.socket) -> None:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionResetError
        self._received += chunk


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)content-length: ([0-9]+)", head)
    return int(found[1]) if found else 0


def send(server: InProcessServer, raw: bytes) -> Answer:
    """One request on a connection of its own."""
    with Connection(server) as connection:
        return connection.send(raw)


def call(server: InProcessServer, holder: Holder, operation: str, *, service: str = "iam", **given: str) -> Answer:
    """A rightly signed call on a connection of its own."""
    return send(server, signed(server, holder, operation, service=service, **given))


def audit(server: InProcessServer) -> list[dict[str, Any]]:
    """Every audit event so far."""
    found = [parsed(line.encode()) for line in audit_text(server).split("\n")[:-1]]
    return [event for event in found if event is not None and "eventID" in event]


def audit_text(server: InProcessServer) -> str:
    """The whole audit log: once a test has turned the clock by a day, its file is rolled, whenever the job comes."""
    log = Segments(server.installation.settings.audit_file)
    while True:
        try:
            return b"".join(file.read_bytes() for file in reversed(log.newest_first())).decode("utf-8")
        except FileNotFoundError:  # it was rolled just now
            continue
