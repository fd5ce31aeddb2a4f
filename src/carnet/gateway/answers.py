"""The answers of the gateway, each with its audit event: an upstream's, the gateway's own, and refusals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import structs

from carnet.access.authorize import Decided
from carnet.audit.events import Event, decision_members, failure_event, success_event, tell_untold
from carnet.audit.steps import Arrived, Parsed, Step, account_of, arrived_of
from carnet.base.faults import Denied, Refused, Unavailable
from carnet.base.http import REQUEST_ID, HttpResponse, StreamedResponse
from carnet.gateway.call import Call
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.deciding import NotKnown
from carnet.gateway.failures import DENIED, error_told, told_denial
from carnet.gateway.older_form import in_older_form, is_older, taken_whole
from carnet.gateway.queue_urls import at_own_address, tells_queues
from carnet.gateway.relay import (
    answer_by_own_id,
    error_as_modelled,
    error_by_own_id,
    in_sandbox,
    passed_headers,
    upstream_request_id,
)
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import AnotherAccount, NotListed
from carnet.gateway.upstreams.modes import tell_mode
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.identity.auth_failure import AuthFailure
from carnet.keyring.keyring import Keyring
from carnet.models import Operation, Protocol, Service
from carnet.protocols.errors import WireError, throttling_code, write_error
from carnet.protocols.write import write
from carnet.server import recorded
from carnet.server.fairness.throttle import Throttled
from carnet.server.outbox import Answer
from carnet.server.unoffered import of_ec2
from carnet.services.execution import Done

_LOG = logging.getLogger("carnet.gateway")
MOST_WHOLE = 64 * 1024
"""The longest answer that is read whole before it is handed on, in bytes; a longer one is streamed."""
FIRST_ERROR = 400

Headers = tuple[tuple[str, str], ...]
NOT_SENT = "Not sent on"
FAILED = "Not sent on, or not known to have been carried out"


def denial_of(call: Call, keyring: Keyring) -> WireError:
    """The exception for a call whose last decision is a denial."""
    decided, routed = call.decided[-1], call.parsed.authenticated.routed
    code, sentence = told_denial(call.operation.service.name, decided)
    if call.operation.service.protocol is Protocol.EC2:
        sentence = of_ec2(keyring, decided, sentence, call.arrived.time, read_only=routed.read_only)
    return WireError(code, sentence, call.operation)


def written(call: Call, answer: Mapping[str, Any]) -> HttpResponse:
    """An answer of the gateway itself, by the model's member names."""
    return write(call.operation, answer, call.arrived.request_id, call.arrived.http.first.get("accept"))


async def handed_back(call: Call, response: UpstreamResponse) -> Answer:
    """The upstream's answer, with the audit event of the call."""
    if is_older(call.operation) or tells_queues(call.operation):
        return answered_by(call, await taken_whole(response, call.bodies))
    if response.status < FIRST_ERROR and (response.length is None or response.length > MOST_WHOLE):
        headers, decided = _headers(call, response.headers), tuple(call.decided)
        streamed = StreamedResponse(status=response.status, headers=headers, body=response, length=response.length)
        event = with_upstream(tell_mode(success_event(call.parsed, {}, decided), call.mode), response.headers)
        return audited(call.operation, call.parsed, streamed, event, decided)
    body = await response.whole(MOST_WHOLE)
    return answered_by(call, HttpResponse(status=response.status, headers=response.headers, body=body))


def answered_by(call: Call, told: HttpResponse) -> Answer:
    """An upstream's answer that has arrived whole."""
    return audited(call.operation, call.parsed, passed_on(call, told), event_of(call, told), tuple(call.decided))


def event_of(call: Call, told: HttpResponse) -> Event:
    """The audit event of a call with this answer of an upstream."""
    decided = tuple(call.decided)
    if told.status < FIRST_ERROR:
        event = success_event(call.parsed, {}, decided)
        if call.deliveries:
            event["additionalEventData"]["deliveries"] = [decision_members(one) for one in call.deliveries]
    else:
        event = failure_event(call.parsed, error_told(told) or str(told.status), "", decided)
    return with_upstream(tell_mode(event, call.mode), told.headers)


def passed_on(call: Call, told: HttpResponse) -> HttpResponse:
    """An upstream's answer as it is passed to the client. Raises UpstreamFailed if it is no answer of the operation."""
    if tells_queues(call.operation) and told.status < FIRST_ERROR:
        told = structs.replace(told, body=at_own_address(call.arrived.http, told.body))
    if is_older(call.operation):
        return in_older_form(call, told)
    own = call.arrived.request_id
    if told.status < FIRST_ERROR:
        body = answer_by_own_id(call.operation, told.body, own)
    else:
        body = error_by_own_id(error_as_modelled(call.operation, error_told(told), told.body), own)
    return HttpResponse(status=told.status, headers=_headers(call, told.headers), body=body)


def _headers(call: Call, headers: Headers) -> Headers:
    return ((REQUEST_ID, call.arrived.request_id), *in_sandbox(passed_headers(headers)))


def with_upstream(event: Event, headers: Headers) -> Event:
    """The event, with the upstream's id of the request."""
    event["additionalEventData"]["upstreamRequestId"] = upstream_request_id(headers)
    return event


def failed(found: Service, step: Step, problem: Exception, decided: tuple[Decided, ...] = ()) -> Answer:
    """The answer to a request that is refused or has failed."""
    arrived = arrived_of(step)
    where: Operation | Service = step.authenticated.routed.operation if isinstance(step, Parsed) else found
    code, message = _code_and_message(problem, arrived, where)
    members = problem.members if isinstance(problem, WireError) else None
    response = write_error(where, code, message, arrived.request_id, members, arrived.http.first.get("accept"))
    pause = problem.pause if isinstance(problem, Throttled) else 0.0
    if isinstance(problem, Throttled) and problem.untold is None:
        return Answer(response=response, account=account_of(step), pause=pause)
    event = failure_event(step, code, message, decided)
    if isinstance(problem, Throttled) and problem.untold:
        tell_untold(event, problem.untold)
    return audited(where, step, response, event, decided, pause)


def _code_and_message(problem: Exception, arrived: Arrived, where: Operation | Service) -> tuple[str, str]:
    match problem:
        case WireError() | AuthFailure():
            return problem.code, problem.message
        case Throttled():
            return throttling_code(where), str(problem)
        case NotKnown() | AnotherAccount() | NotListed():
            return "NotImplemented", f"{FAILED}: {problem}."
        case LookupFailed() | UpstreamFailed():
            return "ServiceUnavailable", f"{FAILED}: {problem}."
        case Denied():
            return DENIED, problem.message
        case Refused():
            return problem.code, problem.message
        case Unavailable():
            return "ServiceUnavailable", problem.message
        case _:
            _LOG.error("request %s failed", arrived.request_id, exc_info=problem)
            return "InternalFailure", "An internal error occurred."


def audited(
    where: Operation | Service,
    step: Step,
    response: HttpResponse | StreamedResponse,
    event: Event,
    decided: tuple[Decided, ...],
    pause: float = 0.0,
) -> Answer:
    return recorded_first(step, response, event, decided, partial(_audit_unavailable, where, arrived_of(step)), pause)


def of_change(where: Operation | Service, step: Step, response: HttpResponse, done: Done) -> Answer:
    """The answer to a change that the gateway itself has made. Its event may be in the log already."""
    answer = audited(where, step, response, done.event, done.decided)
    return structs.replace(answer, event=b"") if done.recorded else answer


def recorded_first(
    step: Step,
    response: HttpResponse | StreamedResponse,
    event: Event,
    decided: tuple[Decided, ...],
    unaudited: Callable[[str], HttpResponse],
    pause: float = 0.0,
) -> Answer:
    """The answer, to be sent once its event is written; if the event cannot be written, `unaudited` is sent."""
    return recorded.recorded_first(arrived_of(step), account_of(step), response, event, decided, unaudited, pause)


def _audit_unavailable(where: Operation | Service, arrived: Arrived, why: str) -> HttpResponse:
    return write_error(where, "ServiceUnavailable", why, arrived.request_id)
