"""Calls of Carnet's own API, by operators and by callers who sign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from carnet.entities.operator_token import OperatorScope
from carnet.services.operator_tokens import NewOperatorToken, create_operator_token
from tests.attacks.wire import Answer, Holder, as_bytes, send, signed_request
from tests.server.in_process import InProcessServer

ACCOUNTS = "/_carnet/v1/accounts"


class Told(NamedTuple):
    """What came back."""

    status: int
    members: dict[str, Any]
    head: str

    @property
    def code(self) -> str:
        code: str = self.members["code"]
        return code

    @property
    def message(self) -> str:
        message: str = self.members["message"]
        return message

    def header(self, name: str) -> str | None:
        """The value of a header; None if it is absent."""
        lines = dict(line.lower().split(": ", 1) for line in self.head.split("\r\n")[1:])
        return lines.get(name)


def operator_token(
    server: InProcessServer, *scopes: OperatorScope, lifetime: timedelta = timedelta(days=1)
) -> NewOperatorToken:
    """A token that the running server knows at once."""
    parts = server.installation
    made = create_operator_token(
        parts.store, parts.ids, name="ci", scopes=scopes, lifetime=lifetime, now=server.clock()
    )
    parts.directory.catch_up()
    return made


def call(
    server: InProcessServer,
    path: str,
    *,
    token: str | None = None,
    method: str = "GET",
    given: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Told:
    """One call, as JSON; `given` may be the bytes of a body."""
    body = given if isinstance(given, bytes) else b"" if given is None else json.dumps(given).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
    lines += [f"authorization: Bearer {token}"] if token is not None else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return told(send(server, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body))


def signed_call(
    server: InProcessServer,
    holder: Holder,
    path: str,
    *,
    method: str = "GET",
    given: Any = None,
    service: str = "carnet",
) -> Told:
    """One call that is signed for the service `carnet`."""
    body = b"" if given is None else json.dumps(given).encode()
    request = signed_request(server, holder, body, service=service, method=method, target=path, headers={})
    return told(send(server, as_bytes(request)))


def told(answer: Answer) -> Told:
    return Told(answer.status, json.loads(answer.body), answer.head)
