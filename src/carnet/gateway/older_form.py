"""Answers for clients that speak an older protocol of a service. Upstreams are asked in the present one."""

from __future__ import annotations

import re

from carnet.base.bounded_json import loads
from carnet.base.http import HttpResponse
from carnet.gateway.call import Call
from carnet.gateway.failures import error_told
from carnet.gateway.policies.reread import reread
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.models import Operation, present_form
from carnet.protocols.errors import QUERY_ERROR, older_code, write_foreign_error
from carnet.protocols.write import write
from carnet.server.limits import BodyBudget

_MOST = 12 * 1024 * 1024
"""The longest answer in bytes: ten messages of 1 MiB, with their attributes."""
_UNCOUNTED = 64 * 1024
_FIRST_ERROR = 400
_CODE = re.compile(r"[A-Za-z0-9_.]{1,200}", re.ASCII)


def is_older(operation: Operation) -> bool:
    return operation is not present_form(operation)


async def taken_whole(response: UpstreamResponse, budget: BodyBudget) -> HttpResponse:
    """A whole answer. If it is not small, it counts towards the memory that bodies may take. Raises UpstreamFailed."""
    counted = 0

    def count(held: int) -> bool:
        nonlocal counted
        more = held - _UNCOUNTED - counted
        if more <= 0:
            return True
        if not budget.take(more, proven=True):
            return False
        counted += more
        return True

    try:
        body = await response.whole(_MOST, count)
    finally:
        budget.give_back(counted)
    return HttpResponse(status=response.status, headers=response.headers, body=body)


def in_older_form(call: Call, told: HttpResponse) -> HttpResponse:
    """An upstream's answer in the client's protocol. Raises UpstreamFailed if it is no answer of the operation."""
    request_id, accept = call.arrived.request_id, call.arrived.http.first.get("accept")
    if told.status < _FIRST_ERROR:
        _refuse_other_than_json(told.body)
        return write(call.operation, reread(call.operation, told, told.body), request_id, accept)
    known = next((value.partition(";")[0] for name, value in told.headers if name == QUERY_ERROR), "")
    code = known if _CODE.fullmatch(known) else older_code(call.operation.service, error_told(told))
    return write_foreign_error(
        call.operation.service, code or "InternalFailure", _message(told.body), told.status, request_id
    )


def _refuse_other_than_json(body: bytes) -> None:
    """botocore would read anything else as an answer without members."""
    try:
        told = loads(body or b"{}")
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise UpstreamFailed("the answer is no JSON object", sent=True)


def _message(body: bytes) -> str:
    try:
        told = loads(body)
    except ValueError:
        return ""
    found = (told.get("message") or told.get("Message")) if isinstance(told, dict) else None
    return found if isinstance(found, str) else ""
