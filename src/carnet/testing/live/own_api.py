"""What tests ask of Carnet's own API (docs/http-api.md)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from carnet.base.bounded_json import loads

_SECONDS = 30


class Refused(Exception):
    """The API did not do what it was asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class OwnApi:
    """The API of one server, called by an operator."""

    endpoint: str
    token: str = field(repr=False)

    def call(self, method: str, path: str, given: object = None) -> dict[str, Any]:
        """The answer's members; raises Refused, and OSError if there is no server."""
        body = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request(  # noqa: S310 # its scheme is that of the server under test
            f"{self.endpoint}/_carnet/v1/{path}",
            method=method,
            data=body,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with _OPENER.open(request, timeout=_SECONDS) as answer:
                members: dict[str, Any] = json.load(answer)
                return members
        except urllib.error.HTTPError as error:
            with error:
                raise _read_refusal(error.status or 0, error.read()) from None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Goes around proxies: the server is on this machine, or there is none to trust with its token."""


def _read_refusal(status: int, body: bytes) -> Refused:
    try:
        told = loads(body)
        return Refused(status, told["code"], told["message"])
    except (ValueError, TypeError, KeyError):
        return Refused(status, "NoAnswer", body.decode("utf-8", "replace")[:200])
