"""What a workload asks for its credentials: the instance metadata service (version 2), or the endpoint of a container.

Both listen on loopback, as a service of AWS listens beside a workload.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from carnet.base.loopback import is_loopback_host
from carnet.cli.workload_session import NoSession, WorkloadSession

_TTL_HEADER, _TOKEN_HEADER = "x-aws-ec2-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token"
_LONGEST_TTL = 21_600
_MOST_TOKENS = 1_000
_CREDENTIALS = "/latest/meta-data/iam/security-credentials/"
_HOPS = 1
"""How many hosts an answer may pass: none that forwards what a container or a browser of another machine asks."""
_IDLE_SECONDS = 10


class Tokens:
    """The tokens of an instance metadata service, of which the oldest go if there are too many."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, seconds: int) -> str:
        token = secrets.token_urlsafe(40)
        with self._lock:
            self._until[token] = time.monotonic() + seconds
            while len(self._until) > _MOST_TOKENS:
                self._until.popitem(last=False)
        return token

    def good(self, token: str) -> bool:
        with self._lock:
            return self._until.get(token, 0.0) > time.monotonic()


class _Handler(BaseHTTPRequestHandler):
    """One connection. The answers of a GET come from `answer`."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    session: ClassVar[WorkloadSession]

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, _HOPS)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the server logs each session that it gives out."""

    def do_GET(self) -> None:
        if self._is_ours():
            self.answer()

    def answer(self) -> None:
        raise NotImplementedError

    def _is_ours(self) -> bool:
        """Refuse what a proxy forwards, and what a browser was tricked into by a name that points here."""
        host = self.headers.get("host", "").rpartition("]")
        name = f"{host[0]}]" if host[1] else host[2].partition(":")[0]
        if self.headers.get("x-forwarded-for") is None and is_loopback_host(name.strip("[]")):
            return True
        self.refuse(HTTPStatus.FORBIDDEN)
        return False

    def refuse(self, status: HTTPStatus) -> None:
        self.send(status, status.phrase, "text/plain")

    def send(self, status: HTTPStatus, body: str, content_type: str, **headers: str) -> None:
        """Send an answer of these headers."""
        encoded = body.encode()
        self.send_response(status)
        for name, value in {"content-type": content_type, "content-length": str(len(encoded)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(encoded)

    def send_json(self, status: HTTPStatus, members: Mapping[str, Any]) -> None:
        self.send(status, json.dumps(members, indent=2), "application/json")


class _InstanceMetadata(_Handler):
    """Answers as the instance metadata service does. Without a token of its own it tells nothing."""

    tokens: ClassVar[Tokens]
    instance: ClassVar[Mapping[str, str]]
    """Paths below /latest/, and what is told of the instance there."""

    def do_PUT(self) -> None:
        """A token, for as many seconds as asked."""
        if not self._is_ours():
            return
        ttl = self.headers.get(_TTL_HEADER, "")
        if self.path != "/latest/api/token":
            self.refuse(HTTPStatus.NOT_FOUND)
        elif not (ttl.isascii() and ttl.isdecimal() and len(ttl) <= 5 and 1 <= int(ttl) <= _LONGEST_TTL):
            self.refuse(HTTPStatus.BAD_REQUEST)
        else:
            self.send(HTTPStatus.OK, self.tokens.make(int(ttl)), "text/plain", **{_TTL_HEADER: ttl})

    def answer(self) -> None:
        if not self.tokens.good(self.headers.get(_TOKEN_HEADER, "")):
            self.refuse(HTTPStatus.UNAUTHORIZED)
        elif self.path in self.instance:
            told = self.instance[self.path]
            self.send(HTTPStatus.OK, told, "application/json" if told.startswith("{") else "text/plain")
        elif self.path.rstrip("/") == _CREDENTIALS.rstrip("/"):
            self.send(HTTPStatus.OK, self.session.role, "text/plain")
        elif self.path == _CREDENTIALS + self.session.role:
            self._tell_credentials()
        else:
            self.refuse(HTTPStatus.NOT_FOUND)

    def _tell_credentials(self) -> None:
        try:
            members = self.session.get()
        except NoSession as problem:
            failed = {"Code": "AssumeRoleUnauthorizedAccess", "Message": str(problem)}
            self.send_json(HTTPStatus.OK, failed)  # as the service answers what it cannot get
            return
        told = {
            name: members[name] for name in ("LastUpdated", "AccessKeyId", "SecretAccessKey", "Token", "Expiration")
        }
        self.send_json(HTTPStatus.OK, {"Code": "Success", "Type": "AWS-HMAC", **told})


class _Container(_Handler):
    """Answers as the agent of a container service does: to who has its token."""

    token: ClassVar[str]

    def answer(self) -> None:
        given = self.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            self.refuse(HTTPStatus.UNAUTHORIZED)
        elif self.path != "/credentials":
            self.refuse(HTTPStatus.NOT_FOUND)
        else:
            self._tell_credentials()

    def _tell_credentials(self) -> None:
        try:
            members = self.session.get()
        except NoSession as problem:
            self.send_json(HTTPStatus.BAD_GATEWAY, {"code": "CredentialsUnavailable", "message": str(problem)})
            return
        told = {name: members[name] for name in ("RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration")}
        self.send_json(HTTPStatus.OK, told)


def instance_metadata(
    session: WorkloadSession, host: str, port: int, instance: Mapping[str, str]
) -> tuple[ThreadingHTTPServer, dict[str, str]]:
    """The instance metadata service, and the environment of a workload that asks it. Raises OSError."""
    members = {"session": session, "tokens": Tokens(), "instance": instance}
    server = _listen(type("InstanceMetadata", (_InstanceMetadata,), members), host, port)
    return server, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": _url(server)}


def container_credentials(session: WorkloadSession, host: str, port: int) -> tuple[ThreadingHTTPServer, dict[str, str]]:
    """The endpoint for a container, and the environment of a workload that asks it. Raises OSError."""
    token = secrets.token_urlsafe(32)
    server = _listen(type("Container", (_Container,), {"session": session, "token": token}), host, port)
    return server, {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{_url(server)}/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
    }


def _listen(handler: type[_Handler], host: str, port: int) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    return Server((host, port), handler)


def _url(server: ThreadingHTTPServer) -> str:
    host, port = server.server_address[:2]
    shown = f"[{host!s}]" if ":" in str(host) else str(host)
    return f"http://{shown}:{port}"
