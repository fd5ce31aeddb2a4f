"""Refusals of requests: RFC 7644, section 3.12, with the members that AWS adds.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/exceptions.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from carnet.base.faults import AlreadyExists, Denied, Fault, Invalid, Missing, TooMany, Unavailable
from carnet.base.http import HttpResponse

CONTENT_TYPE = ("content-type", "application/scim+json")
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"

UNPARSABLE = "Request is unparsable, syntactically incorrect, or violates schema."
DUPLICATE = "Refused to create a new, duplicate resource."
NOT_FOUND = "Resource not found"
NO_REPLACEMENT = "Replacing group memberships is not supported"
FILTER_NOT_SUPPORTED = "The filter is not supported."
PATH_NOT_SUPPORTED = "The path is not supported."

_STATUS: dict[type[Fault], int] = {
    AlreadyExists: 409,
    Denied: 403,
    Invalid: 400,
    Missing: 404,
    TooMany: 403,
    Unavailable: 503,
}
_SCIM_TYPES = {400: "invalidValue", 409: "uniqueness"}


class Refusal(Exception):
    """A request that is refused; `detail` is what the provisioner is told, `scim_type` RFC 7644's word for it."""

    def __init__(self, status: int, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def unparsable(why: str = "", scim_type: str = "invalidValue") -> Refusal:
    return Refusal(400, f"{UNPARSABLE} {why}".rstrip(), scim_type)


def missing() -> Refusal:
    return Refusal(404, NOT_FOUND)


def as_refusal(raised: Exception) -> Refusal | None:
    """The refusal for an exception; None for an unexpected one."""
    if isinstance(raised, Refusal):
        return raised
    if isinstance(raised, Fault):
        status = next((_STATUS[kind] for kind in type(raised).__mro__ if kind in _STATUS), 400)
        return Refusal(status, DUPLICATE if status == 409 else raised.message, _SCIM_TYPES.get(status))
    return None


def written(refusal: Refusal, request_id: str, now: datetime) -> HttpResponse:
    """The answer for a refusal, in AWS's form."""
    body = {
        "schema": _SCHEMA,
        **_members(refusal),
        "exceptionRequestId": request_id,
        "timeStamp": now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
    }
    return _answer(refusal, request_id, body)


def written_by_rfc(refusal: Refusal, request_id: str, now: datetime) -> HttpResponse:
    """The answer for a refusal, in the form of RFC 7644."""
    body = _members(refusal)
    if refusal.scim_type is not None:
        body["scimType"] = refusal.scim_type
    return _answer(refusal, request_id, body)


def _members(refusal: Refusal) -> dict[str, Any]:
    return {"schemas": [_SCHEMA], "detail": refusal.detail, "status": str(refusal.status)}


def _answer(refusal: Refusal, request_id: str, body: dict[str, Any]) -> HttpResponse:
    headers = [CONTENT_TYPE, ("x-amzn-requestid", request_id), ("cache-control", "no-store")]
    if refusal.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    return HttpResponse(status=refusal.status, headers=tuple(headers), body=orjson.dumps(body))
