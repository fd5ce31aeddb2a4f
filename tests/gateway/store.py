"""A server with a made-up S3 behind it, a bucket, a user, and requests that are signed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from carnet.services.accounts import NewAccounts, create_accounts
from tests.gateway.fake_s3 import FakeS3, fake_s3
from tests.server.in_process import InProcessServer, in_process_server

BUCKET = "photos"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes

    @property
    def code(self) -> str:
        """Of an error in XML; empty if it is none."""
        return self.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()

    @property
    def message(self) -> str:
        return self.body.partition(b"<Message>")[2].partition(b"</Message>")[0].decode()


@dataclass(frozen=True)
class Store:
    """A server with a made-up S3 behind it, which has the bucket, and a user, alice."""

    server: InProcessServer
    s3: FakeS3
    key: tuple[str, str]
    allowed: list[str] = field(default_factory=list[str])
    """The user's policy."""

    @property
    def account(self) -> str:
        return self.server.root.account

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def client(self, **more: Any) -> Any:
        return self.server.client("s3", *self.key, **more)

    def allow(self, *statements: dict[str, Any]) -> None:
        """What the user may do from now on."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        if self.allowed == [policy]:
            return
        self.allowed[:] = [policy]
        self.server.client("iam").put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=policy)

    def renew(self, *statements: dict[str, Any]) -> None:
        """Begin anew: an empty bucket, an upstream that was asked nothing, a user who may do all but that."""
        self.allow(EVERYTHING, *statements)
        self.s3.answers.clear()
        self.s3.requests.clear()
        self.s3.objects.clear()
        self.s3.objects[f"/{BUCKET}"] = b""

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
        length: int | None = None,
        service: str = "s3",
        region: str = "us-east-1",
        instead: str | None = None,
    ) -> Answered:
        """Send a request as it is written; `length` is what is declared, `instead` a target that is not signed."""
        given = {"host": self.host, **(headers or {})}
        if signed:
            given.setdefault("x-amz-content-sha256", sha256(body).hexdigest())
            given |= self.signature(method, target, given, service, region)
        if body or length is not None:
            given["content-length"] = str(len(body) if length is None else length)
        lines = [f"{method} {instead or target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
        return answered(self.server.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body, seconds=5), method)

    def signature(
        self, method: str, target: str, headers: Mapping[str, str], service: str = "s3", region: str = "us-east-1"
    ) -> dict[str, str]:
        """The headers that sign a request."""
        asked = AWSRequest(method=method, url=f"http://{self.host}{target}", headers=dict(headers))
        _Signer(Credentials(*self.key), service, region).add_auth(asked)
        return {name.lower(): value for name, value in asked.headers.items() if name.lower() not in headers}

    def presigned(self, method: str, target: str, *, seconds: int = 60) -> str:
        """The target with a signature in its query string."""
        asked = AWSRequest(method=method, url=f"http://{self.host}{target}")
        S3SigV4QueryAuth(Credentials(*self.key), "s3", "us-east-1", expires=seconds).add_auth(asked)
        return str(asked.url).removeprefix(f"http://{self.host}")

    def events(self) -> list[dict[str, Any]]:
        """The audit events of requests to S3, oldest first."""
        text = self.server.installation.settings.audit_file.read_text("utf-8")
        return [one for one in map(json.loads, text.splitlines()) if one.get("eventSource") == "s3.amazonaws.com"]


class _Signer(S3SigV4Auth):
    """Signs the hash that the request says, and a path as it is."""

    def payload(self, request: Any) -> str:
        return str(request.headers["x-amz-content-sha256"])

    def _modify_request_before_signing(self, request: Any) -> None:
        self._set_necessary_date_headers(request)

    def _set_necessary_date_headers(self, request: Any) -> None:
        request.headers["X-Amz-Date"] = request.context["timestamp"]


def answered(raw: bytes, method: str = "GET") -> Answered:
    """The parts of an answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked" and method != "HEAD":
        body = _unchunked(body)
    return Answered(int(lines[0].split()[1]) if raw else 0, headers, body, raw)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return whole


def refusal(call: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """What a client is told, and with which status."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    error: dict[str, Any] = dict(caught.value.response.get("Error", {}))
    return error | {"status": caught.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode")}


@contextmanager
def a_store(directory: Path, profile: str = "seaweedfs", **settings: Any) -> Iterator[Store]:
    """With a user, alice, who may do everything; `profile` says what the made-up S3 can do."""
    with fake_s3() as s3, in_process_server(directory, upstream=f"{profile}={s3.url}", **settings) as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        server.client("s3").create_bucket(Bucket=BUCKET)
        made = Store(server, s3, (key["AccessKeyId"], key["SecretAccessKey"]))
        made.allow(EVERYTHING)
        yield made


def another_account(store: Store) -> tuple[str, str]:
    """The key of its root user."""
    installation = store.server.installation
    made = create_accounts(
        installation.store,
        installation.keyring,
        installation.ids,
        NewAccounts(names=("other",), emails=("other@example.com",), partition="aws"),
        now=store.server.clock(),
    )[0]
    installation.directory.catch_up()
    return made.access_key_id, made.secret_access_key
