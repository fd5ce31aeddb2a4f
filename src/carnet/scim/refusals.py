"""How a request is refused: RFC 7644, section 3.12, with the members that AWS adds.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/exceptions.html
"""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from carnet.base.faults import AlreadyExists, Denied, Fault, Invalid, Missing, TooMany, Unavailable
from carnet.base.http import HttpResponse

CONTENT_TYPE = ("content-type", "application/scim+json")
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"

UNPARSABLE = "Request is unparsable, syntactically incorrect, or violates schema."
DUPLICATE = "Refused to create a new, duplicate resource."
NOT_FOUND = "Resource not found"
NO_REPLACEMENT = "Replacing group memberships is not supported"

_STATUS: dict[type[Fault], int] = {
    AlreadyExists: 409,
    Denied: 403,
    Invalid: 400,
    Missing: 404,
    TooMany: 403,
    Unavailable: 503,
}


class Refusal(Exception):
    """A request that is refused; `detail` is what the provisioner is told."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def unparsable(why: str = "") -> Refusal:
    return Refusal(400, f"{UNPARSABLE} {why}".rstrip())


def missing() -> Refusal:
    return Refusal(404, NOT_FOUND)


def as_refusal(raised: Exception) -> Refusal | None:
    """What is told of something that was raised; None for what nobody foresaw."""
    if isinstance(raised, Refusal):
        return raised
    if isinstance(raised, Fault):
        status = next((_STATUS[kind] for kind in type(raised).__mro__ if kind in _STATUS), 400)
        return Refusal(status, DUPLICATE if status == 409 else raised.message)
    return None


def written(refusal: Refusal, request_id: str, now: datetime) -> HttpResponse:
    """The answer that tells of a refusal."""
    body = {
        "schema": _SCHEMA,
        "schemas": [_SCHEMA],
        "detail": refusal.detail,
        "status": str(refusal.status),
        "exceptionRequestId": request_id,
        "timeStamp": now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
    }
    headers = [CONTENT_TYPE, ("x-amzn-requestid", request_id), ("cache-control", "no-store")]
    if refusal.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    return HttpResponse(status=refusal.status, headers=tuple(headers), body=orjson.dumps(body))
