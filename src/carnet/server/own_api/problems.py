"""How Carnet's own API refuses: as JSON, `{"code": ..., "message": ...}`, with a status of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from carnet.base import faults
from carnet.base.faults import Fault
from carnet.base.http import JSON, REQUEST_ID, HttpResponse
from carnet.identity.auth_failure import AuthFailure

_FAULTS: Mapping[type[Fault], tuple[int, str]] = {
    faults.AlreadyExists: (409, "AlreadyExists"),
    faults.Missing: (404, "NotFound"),
    faults.InUse: (409, "InUse"),
    faults.Malformed: (400, "InvalidRequest"),
    faults.Invalid: (400, "InvalidRequest"),
    faults.TooMany: (409, "LimitExceeded"),
    faults.Unmodifiable: (409, "Unmodifiable"),
    faults.Denied: (403, "AccessDenied"),
    faults.Unavailable: (503, "ServiceUnavailable"),
}


class Problem(Exception):
    """A call that is refused; `code` and `message` are what the caller is told."""

    def __init__(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


FAILED = Problem(500, "InternalFailure", "An internal error occurred.")

TOO_MANY = Problem(429, "Throttling", "Rate exceeded", ("retry-after", "1"))


def as_problem(raised: Exception) -> Problem | None:
    """How that is told; None for what nobody foresaw."""
    match raised:
        case Problem():
            return raised
        case AuthFailure(code="InvalidToken"):
            return Problem(401, raised.code, raised.message, ("www-authenticate", "Bearer"))
        case AuthFailure():
            return Problem(403, raised.code, raised.message)
        case faults.Refused():
            return Problem(403, raised.code, raised.message)
        case Fault():
            status, code = next(_FAULTS[kind] for kind in type(raised).__mro__ if kind in _FAULTS)
            return Problem(status, code, raised.message)
    return None


def told(problem: Problem, request_id: str) -> HttpResponse:
    """The answer that tells of a problem."""
    return answer(problem.status, {"code": problem.code, "message": problem.message}, request_id, *problem.headers)


def answer(status: int, members: Mapping[str, Any], request_id: str, *headers: tuple[str, str]) -> HttpResponse:
    """An answer of the API. No cache keeps it: it may hold a secret."""
    usual = (("content-type", JSON), (REQUEST_ID, request_id), ("cache-control", "no-store"))
    return HttpResponse(status=status, headers=(*usual, *headers), body=orjson.dumps(members))
