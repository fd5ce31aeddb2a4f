"""The requests by which an upstream is measured: botocore's clients, and requests that no client makes."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session

from carnet.sigv4.signing import SigningCredentials

REGION = "us-east-1"
_SECONDS = 20


class _UnsignedPayload(S3SigV4Auth):
    """Signs no body, and a path as it is."""

    def payload(self, request: Any) -> str:
        return "UNSIGNED-PAYLOAD"


class Upstream:
    """The upstream to measure: its address, its key, and the headers that name an account to it."""

    def __init__(self, url: str, credentials: SigningCredentials, headers: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.credentials = credentials
        self._headers = dict(headers or {})
        self._session = _isolated_session()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A botocore client that sends each request once."""
        if service not in self._clients:
            client = self._session.create_client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id=self.credentials.access_key_id,
                aws_secret_access_key=self.credentials.secret_access_key,
                config=_CONFIG,
            )
            client.meta.events.register("before-sign", self._add_headers)
            self._clients[service] = client
        return self._clients[service]

    def ask(self, service: str, name: str, **given: Any) -> Any:
        """The answer to an operation by its name in the model. Raises ClientError and BotoCoreError."""
        return getattr(self.client(service), xform_name(name))(**given)

    def _add_headers(self, request: Any, **_: Any) -> None:
        for name, value in self._headers.items():
            request.headers[name] = value

    def raw(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
        """The status of a request to this very path, signed for Amazon S3. Raises OSError and HTTPException."""
        connection = self._connect()
        try:
            connection.request(method, path, body=body, headers=self._sign(method, path, headers or {}))
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def cut_off(self, path: str, declared: int, sent: bytes) -> None:
        """Put less than was declared, and end the connection. Raises OSError."""
        connection = self._connect()
        try:
            connection.putrequest("PUT", path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._sign("PUT", path, {"content-length": str(declared)}).items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(sent)
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_WR)
        finally:
            connection.close()

    def _sign(self, method: str, path: str, headers: Mapping[str, str]) -> dict[str, str]:
        request = AWSRequest(method=method, url=f"{self.url}{path}", headers={**headers, **self._headers})
        request.headers["host"] = urlsplit(self.url).netloc
        credentials = Credentials(self.credentials.access_key_id, self.credentials.secret_access_key)
        _UnsignedPayload(credentials, "s3", REGION).add_auth(request)
        return dict(request.headers.items())

    def _connect(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return HTTPConnection(host, parts.port, timeout=_SECONDS)
        return HTTPSConnection(host, parts.port, timeout=_SECONDS, context=ssl.create_default_context())


_CONFIG = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=_SECONDS,
    s3={"addressing_style": "path"},
    proxies={},
    parameter_validation=False,
)


def _isolated_session() -> Session:
    """A session that reads nothing of the user's: neither files nor a profile."""
    session = Session()
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    session.set_config_variable("profile", None)
    return session
