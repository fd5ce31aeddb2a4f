"""An identity provider that keeps an identity store up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from carnet.services.identity_center import enable_here
from carnet.services.scim_tokens import create_here
from tests.attacks.wire import send
from tests.server.in_process import InProcessServer


class Told(NamedTuple):
    """What came back."""

    status: int
    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Provisioner:
    """One tenant and a token."""

    server: InProcessServer
    tenant: str
    token: str
    mode: str = "v2"

    def speaking(self, mode: str) -> Provisioner:
        return replace(self, mode=mode)

    def __call__(self, method: str, path: str, given: Any = None, headers: Mapping[str, str] | None = None) -> Told:
        """One request; `given` may be the bytes of a body."""
        body = given if isinstance(given, bytes) else b"" if given is None else json.dumps(given).encode()
        target = f"/_carnet/scim/{self.tenant}/{self.mode}/{path}"
        lines = [f"{method} {target} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
        lines.append(f"authorization: Bearer {self.token}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        answer = send(self.server, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return Told(answer.status, json.loads(answer.body) if answer.body else {})

    def user(self, name: str, **more: Any) -> str:
        """The id of a new person."""
        return str(self("POST", "Users", a_user(name, **more)).members["id"])

    def group(self, name: str, **more: Any) -> str:
        """The id of a new group."""
        return str(self("POST", "Groups", {"displayName": name, **more}).members["id"])

    def patch(self, path: str, *operations: Mapping[str, Any]) -> Told:
        schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
        return self("PATCH", path, {"schemas": [schema], "Operations": list(operations)})


def a_user(name: str, **more: Any) -> dict[str, Any]:
    names = {"givenName": name, "familyName": "Doe"}
    return {"userName": name, "displayName": name, "name": names, **more}


def provisioner(server: InProcessServer, account: str) -> Provisioner:
    """Of a new instance, which the account owns."""
    parts = server.installation
    made = enable_here(parts.operator_call(), account=account, region="us-east-1")
    parts.directory.catch_up()
    return another_token(server, made.identity_store)


def another_token(server: InProcessServer, store: str) -> Provisioner:
    parts = server.installation
    new = create_here(parts.operator_call(), identity_store=store)
    parts.directory.catch_up()
    return Provisioner(server, store, new.text)
