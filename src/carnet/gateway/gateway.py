"""Requests for services that stand behind the gateway: the steps of each, in order.

Authenticated, read, mapped to what it needs, decided, made anew, sent on, and its answer handed back. Whatever is not
known for certain on the way is refused, and nothing is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.decisions import DecidedCall
from carnet.audit.events import Event, failure_event, success_event, tell_untold
from carnet.audit.json_line import line_of
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed, Step, account_of, arrived_of
from carnet.base.clock import Clock
from carnet.base.faults import Unavailable
from carnet.base.http import REQUEST_ID, HttpResponse, StreamedResponse
from carnet.catalog.apis import apis
from carnet.gateway.check import Check, Refusal, Scope, Sought
from carnet.gateway.connection import UpstreamFailed
from carnet.gateway.deciding import NotKnown, Resolved, decide
from carnet.gateway.exchange import AnotherAccount, Exchange
from carnet.gateway.failures import DENIED, error_code, told_denial
from carnet.gateway.lookups import LookupFailed, NotFound, pinned, resource_of
from carnet.gateway.mapping import mapped
from carnet.gateway.own_policies import about_policy
from carnet.gateway.relay import passed_headers, upstream_request_id
from carnet.gateway.upstream import UpstreamResponse
from carnet.gateway.upstreams import UpstreamSettings
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import AccountCaller
from carnet.models import COMMON_VOICE, FORWARDED, Operation, Service, service
from carnet.protocols.errors import WireError, throttling_code, write_error
from carnet.protocols.parse import parse
from carnet.protocols.routing import route_to
from carnet.protocols.unoffered import Dialect, Unoffered
from carnet.protocols.validate import validate
from carnet.server.outbox import Answer
from carnet.server.signed_callers import SignedCallers
from carnet.server.throttle import Throttled
from carnet.services.execution import Execution
from carnet.store.faults import Lost

_LOG = logging.getLogger("carnet.gateway")
_MOST_WHOLE = 64 * 1024
"""Bytes of an answer that is taken whole before it is handed on; a longer one is streamed."""
_FIRST_ERROR = 400
_NOT_SENT = "Not sent on"
_OF_POLICIES = "policies and grants of resources are not kept here yet, and no upstream is told of one"
_FAILED = "Not sent on, or not known to have been carried out"


@dataclass(slots=True)
class _Call:
    """A request on its way."""

    exchange: Exchange
    caller: AccountCaller
    operation: Operation
    given: Mapping[str, Any]
    parsed: Parsed
    """What the audit event shows: the members that name resources, and no others."""
    decided: list[Decided] = field(default_factory=list)

    @property
    def arrived(self) -> Arrived:
        return self.parsed.authenticated.routed.arrived

    @property
    def host(self) -> str:
        return self.arrived.http.first.get("host", "")


class Gateway:
    """The services behind it, and their upstreams."""

    def __init__(
        self,
        execution: Execution,
        signed: SignedCallers,
        upstreams: Sequence[UpstreamSettings],
        clock: Clock,
    ) -> None:
        self._execution = execution
        self._signed = signed
        exchanges = [Exchange(settings, clock) for settings in upstreams]
        self._exchanges = exchanges
        self._by_service = {name: one for one in exchanges for name in one.settings.profile.services}

    def takes(self, unoffered: Unoffered) -> bool:
        """Whether a request is for a service that stands behind this gateway."""
        return unoffered.name in FORWARDED and unoffered.name in self._by_service and not unoffered.unsigned

    def respond(self, arrived: Arrived, unoffered: Unoffered) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one request, with one audit event."""
        found = service(unoffered.name)
        step: Step = arrived
        try:
            _refuse_other_protocols(found, unoffered)
            routed = route_to(found, arrived.http)
            step = _routed(arrived, routed.operation)
            if self._execution.directory.lost:
                raise Lost
            caller = self._signed.caller_of(arrived, found.signing_name)
            self._execution.note_use(caller, arrived.time)
            step = authenticated = Authenticated(routed=step, caller=caller)
            given = parse(routed, arrived.http)
            step = Parsed(authenticated=authenticated, given=_names_in(given))
            validate(routed.operation, given, COMMON_VOICE)
        except Exception as problem:
            return _failed(found, step, problem)
        exchange = self._by_service[found.name]
        return self._carry_out(
            _Call(exchange=exchange, caller=caller, operation=routed.operation, given=given, parsed=step)
        )

    async def _carry_out(self, call: _Call) -> Answer:
        """Decide, send on, hand back."""
        found = call.operation.service
        try:
            account, given = await self._allowed(call)
            response = await self._send(call, call.operation, given, account)
            return await _handed_back(call, response)
        except Exception as problem:
            return _failed(found, call.parsed, problem, tuple(call.decided))

    async def _allowed(self, call: _Call) -> tuple[str, Mapping[str, Any]]:
        """The account that owns what the request is about, and the input to send. Raises for what is not allowed."""
        scope = self._scope(call)
        if about_policy(call.operation, call.given):
            raise WireError("NotImplemented", f"{_NOT_SENT}: {_OF_POLICIES}.", call.operation)
        checks = mapped(call.operation.service.name, call.operation.name, call.given, scope)
        if isinstance(checks, Refusal):
            raise WireError(checks.code, checks.message, call.operation)
        given = call.given
        resolved: list[Resolved] = []
        for check in checks:
            one = await self._resolved(call, check, scope)
            resolved.append(one)
            if isinstance(check.resource, Sought):
                given = pinned(given, check.resource, one.resource)
        call.decided += decide(self._execution, call.caller, call.arrived, resolved)
        if not call.decided[-1].decision.allowed:
            code, sentence = told_denial(call.operation.service.name, call.decided[-1])
            raise WireError(code, sentence, call.operation)
        owners = {one.account for one in resolved}
        if len(owners) != 1:
            raise WireError("NotImplemented", f"{_FAILED}: the resources are of several accounts.", call.operation)
        return owners.pop(), given

    async def _resolved(self, call: _Call, check: Check, scope: Scope) -> Resolved:
        if isinstance(check.resource, str):
            return Resolved(check, check.resource, check.account or scope.account)
        account = check.account or scope.account

        async def ask(operation: Operation, given: Mapping[str, Any]) -> tuple[int, bytes]:
            return await call.exchange.look_up(operation, given, account=account, region=scope.region, host=call.host)

        return Resolved(check, await resource_of(check.resource, scope, ask), account)

    def _scope(self, call: _Call) -> Scope:
        account = self._execution.directory.snapshot.accounts[call.caller.principal.account].account
        return Scope(partition=account.partition, region=call.caller.region, account=account.id)

    async def _send(
        self, call: _Call, operation: Operation, given: Mapping[str, Any], account: str
    ) -> UpstreamResponse:
        return await call.exchange.send(operation, given, account=account, region=call.caller.region, host=call.host)

    def close(self) -> None:
        """End the connections that nobody uses."""
        for exchange in self._exchanges:
            exchange.close()


def _refuse_other_protocols(found: Service, unoffered: Unoffered) -> None:
    if unoffered.dialect not in (Dialect(found.protocol), Dialect.REST_JSON):
        spoken = f"{found.name} is spoken to in the protocol {found.protocol} here"
        raise WireError("NotImplemented", f"Not sent on: {spoken}, and not in {unoffered.dialect}.", found)


def _routed(arrived: Arrived, operation: Operation) -> Routed:
    known = apis().by_name[operation.service.name].operations.get(operation.name)
    permission = known.permission if known is not None else None
    return Routed(
        arrived=arrived,
        operation=operation,
        event_source=operation.service.event_source,
        read_only=permission is not None and permission.read_only,
    )


def _names_in(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say what a request is about. What else it holds is its caller's data, and no log's."""
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and name.endswith(("Arn", "ARN", "Id", "Name", "Url", "Alias"))
    }


async def _handed_back(call: _Call, response: UpstreamResponse) -> Answer:
    """The upstream's answer, with the audit event of the call."""
    request_id = call.arrived.request_id
    headers = ((REQUEST_ID, request_id), *passed_headers(response.headers))
    decided = tuple(call.decided)
    if response.status < _FIRST_ERROR and (response.length is None or response.length > _MOST_WHOLE):
        event = _success(call, response, decided)
        streamed = StreamedResponse(status=response.status, headers=headers, body=response, length=response.length)
        return _audited(call.operation, call.parsed, streamed, event, decided)
    body = await response.whole(_MOST_WHOLE)
    whole = HttpResponse(status=response.status, headers=headers, body=body)
    if response.status < _FIRST_ERROR:
        return _audited(call.operation, call.parsed, whole, _success(call, response, decided), decided)
    error_type = next((value for name, value in headers if name == "x-amzn-errortype"), None)
    event = failure_event(call.parsed, error_code(error_type, body) or str(response.status), "", decided)
    return _audited(call.operation, call.parsed, whole, _with_upstream(event, response), decided)


def _success(call: _Call, response: UpstreamResponse, decided: tuple[Decided, ...]) -> Event:
    return _with_upstream(success_event(call.parsed, {}, decided), response)


def _with_upstream(event: Event, response: UpstreamResponse) -> Event:
    event["additionalEventData"]["upstreamRequestId"] = upstream_request_id(response.headers)
    return event


def _failed(found: Service, step: Step, problem: Exception, decided: tuple[Decided, ...] = ()) -> Answer:
    """What is told of a request that is refused, or that failed on its way."""
    arrived = arrived_of(step)
    where: Operation | Service = step.authenticated.routed.operation if isinstance(step, Parsed) else found
    code, message = _told(problem, arrived, where)
    members = problem.members if isinstance(problem, WireError) else None
    response = write_error(where, code, message, arrived.request_id, members, arrived.http.first.get("accept"))
    pause = problem.pause if isinstance(problem, Throttled) else 0.0
    if isinstance(problem, Throttled) and problem.untold is None:
        return Answer(response=response, account=account_of(step), pause=pause)
    event = failure_event(step, code, message, decided)
    if isinstance(problem, Throttled) and problem.untold:
        tell_untold(event, problem.untold)
    return _audited(where, step, response, event, decided, pause)


def _told(problem: Exception, arrived: Arrived, where: Operation | Service) -> tuple[str, str]:
    match problem:
        case WireError() | AuthFailure():
            return problem.code, problem.message
        case Throttled():
            return throttling_code(where), str(problem)
        case NotFound():
            # As for whoever may not know whether it is there: the two are not told apart.
            return DENIED, "The resource does not exist, or access to it is denied."
        case NotKnown() | AnotherAccount():
            return "NotImplemented", f"{_FAILED}: {problem}."
        case LookupFailed() | UpstreamFailed():
            return "ServiceUnavailable", f"{_FAILED}: {problem}."
        case Unavailable():
            return "ServiceUnavailable", problem.message
        case _:
            _LOG.error("request %s failed", arrived.request_id, exc_info=problem)
            return "InternalFailure", "An internal error occurred."


def _audited(
    where: Operation | Service,
    step: Step,
    response: HttpResponse | StreamedResponse,
    event: Event,
    decided: tuple[Decided, ...],
    pause: float = 0.0,
) -> Answer:
    arrived = arrived_of(step)
    call = DecidedCall(decision_id=arrived.request_id, time=arrived.time, decided=decided) if decided else None
    return Answer(
        response=response,
        event=line_of(event),
        decided=call,
        unaudited=partial(_unaudited, where, arrived),
        account=account_of(step),
        pause=pause,
    )


def _unaudited(where: Operation | Service, arrived: Arrived, why: str) -> HttpResponse:
    return write_error(where, "ServiceUnavailable", why, arrived.request_id)
