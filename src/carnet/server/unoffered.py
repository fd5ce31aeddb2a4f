"""Answers requests for services that are not offered here: authenticates them, decides on them where that is certain,
and refuses them.

A request that the policies allow is answered by DryRunOperation, Amazon EC2's answer to a dry run of an allowed
request.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from carnet.access.authorization_message import encoded
from carnet.access.authorize import Decided
from carnet.access.denial import denial_sentence
from carnet.audit.decisions import DecisionLog
from carnet.audit.events import Event, failure_event, tell_untold
from carnet.audit.steps import Arrived, AskedUnoffered, ForUnoffered, UnofferedStep
from carnet.base.faults import Fault, Refused, Unavailable
from carnet.base.http import HttpResponse
from carnet.catalog.apis import ApiOperation, apis
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.authenticate import Authenticators
from carnet.identity.caller import AccountCaller
from carnet.keyring.keyring import Keyring
from carnet.models import FORWARDED, Operation
from carnet.protocols.api_errors import spelled, write_api_error
from carnet.protocols.api_routing import Asked, asked
from carnet.protocols.unoffered import Dialect, Unoffered
from carnet.server.fairness.throttle import Throttle, Throttled
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.recorded import recorded_first
from carnet.server.s3_credentials import told_by_s3
from carnet.server.signed_callers import SignedCallers
from carnet.services.execution import Execution
from carnet.services.unoffered import Member, NotDecided, decide
from carnet.store.faults import Lost

_LOG = logging.getLogger("carnet.server")
_THROTTLING = "Throttling"
DENIED, ALLOWED, NOT_DECIDED = "AccessDenied", "DryRunOperation", "NotImplemented"
_BEHIND_THE_GATEWAY = frozenset(("s3", *FORWARDED))
_OF_EC2 = "You are not authorized to perform this operation. "
_ENCODED = " Encoded authorization failure message: "


def sentence_of(said: Decided | NotDecided, service: str) -> tuple[str, str]:
    """The error code and message for an operation that is not carried out, by what the policies say."""
    if isinstance(said, NotDecided):
        told = f"Not offered here, not decided: Carnet does not offer {service}, and {said.reason}."
        return NOT_DECIDED, told + _way_on(service)
    if not said.decision.allowed:
        return DENIED, denial_sentence(said)
    asked_for = f"{said.check.action} on resource: {said.check.shown or said.check.resource}"
    told = f"Allowed, not offered here: the policies allow {asked_for}. Carnet does not offer {service}."
    return ALLOWED, told + _way_on(service)


def _way_on(service: str) -> str:
    """What makes Carnet offer the service, after the sentence that it does not."""
    if service not in _BEHIND_THE_GATEWAY:
        return ""
    return " The gateway does, in front of a server that has it: carnet serve --upstream (docs/gateway.md)."


def of_ec2(keyring: Keyring, said: Decided, sentence: str, now: datetime, *, read_only: bool) -> str:
    """Amazon EC2's sentence for a denial, with an encoded message if the request was to change something."""
    return _OF_EC2 + sentence + ("" if read_only else _ENCODED + encoded(keyring, said, now))


class UnofferedServices:
    """Answers the requests for all such services."""

    def __init__(
        self,
        execution: Execution,
        authenticators: Authenticators,
        decisions: DecisionLog,
        throttle: Throttle,
        long_policies: LongPolicies,
    ) -> None:
        self._execution = execution
        self._long = long_policies
        self._throttle = throttle
        self._signed = SignedCallers(authenticators, decisions, throttle)

    def respond(self, arrived: Arrived, unoffered: Unoffered) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one request, with one audit event."""
        source, name = unoffered.event_source, unoffered.unsigned or None
        routed = ForUnoffered(arrived=arrived, event_source=source, event_name=name)
        step: UnofferedStep = routed
        try:
            if unoffered.unsigned:
                self._throttle.fail(arrived.http.peer)
                sentence = f"Carnet does not offer {unoffered.name}:{unoffered.unsigned}."
                return _answer_refusal(step, unoffered.dialect, NOT_DECIDED, sentence)
            if self._execution.directory.lost:
                raise Lost
            caller = self._signed.caller_of(arrived, unoffered.signing_name)
            self._execution.note_use(caller, arrived.time)
            wanted = asked(unoffered, arrived.http)
            step = _asked_unoffered(routed, caller, wanted)
            self._throttle.admit(caller.principal.account, unoffered.name, writes=False)
        except Exception as problem:
            return _answer_failure(step, unoffered, problem)
        return self._decide_and_answer(step, unoffered, wanted)

    async def _decide_and_answer(self, step: AskedUnoffered, unoffered: Unoffered, wanted: Asked) -> Answer:
        """The answer to a request whose caller is known."""
        arrived, caller = step.routed.arrived, step.caller
        try:
            said = await self._decide(arrived, caller, wanted.operation, wanted.member)
            code, message = sentence_of(said, unoffered.name)
            if unoffered.dialect is Dialect.EC2 and isinstance(said, Decided) and code == DENIED:
                keyring = self._execution.parts.keyring
                message = of_ec2(keyring, said, message, arrived.time, read_only=step.read_only)
            return _answer_refusal(step, unoffered.dialect, code, message, said)
        except Exception as problem:
            return _answer_failure(step, unoffered, problem)

    def refuse(self, arrived: Arrived, unoffered: Unoffered, fault: Fault) -> Answer:
        """Answer a request that is refused before its caller is looked for."""
        step = ForUnoffered(arrived=arrived, event_source=unoffered.event_source, event_name=unoffered.unsigned or None)
        code = "ServiceUnavailable" if isinstance(fault, Unavailable) else "ValidationError"
        return _answer_refusal(step, unoffered.dialect, code, fault.message)

    async def said_of(
        self, arrived: Arrived, caller: AccountCaller, operation: Operation, given: Mapping[str, Any]
    ) -> Decided | NotDecided:
        """What the policies say about an operation of a model with its input."""
        api = apis().by_name.get(operation.service.name)
        known = api.operations.get(operation.name) if api is not None else None
        return await self._decide(arrived, caller, known, given.get)

    async def _decide(
        self, arrived: Arrived, caller: AccountCaller, operation: ApiOperation | None, member: Member
    ) -> Decided | NotDecided:
        """Raises what `LongPolicies.decided` raises."""
        parts, snapshot = self._execution.parts, self._execution.directory.snapshot
        work = partial(decide, parts.engine, snapshot, caller, arrived, operation, member)
        said = await self._long.decided(work, caller, arrived.http.peer)
        if isinstance(said, Decided):
            parts.last_used.note_attempt((caller.principal, said.check.action, arrived.time, caller.region))
        return said


def _asked_unoffered(routed: ForUnoffered, caller: AccountCaller, wanted: Asked) -> AskedUnoffered:
    operation = wanted.operation
    permission = operation.permission if operation is not None else None
    return AskedUnoffered(
        routed=routed,
        caller=caller,
        event_name=operation.name if operation is not None else None,
        read_only=permission is None or permission.read_only,
    )


def _answer_failure(step: UnofferedStep, unoffered: Unoffered, problem: Exception) -> Answer:
    match problem:
        case AuthFailure() if unoffered.dialect is Dialect.S3:
            return _answer_refusal(step, unoffered.dialect, *told_by_s3(problem))
        case AuthFailure() | Refused():
            return _answer_refusal(step, unoffered.dialect, problem.code, problem.message)
        case Throttled():
            return _held_back(step, unoffered.dialect, problem)
        case Unavailable():
            return _answer_refusal(step, unoffered.dialect, "ServiceUnavailable", problem.message)
        case _:
            _LOG.error("request %s failed", _arrived_of(step).request_id, exc_info=problem)
            return _answer_refusal(step, unoffered.dialect, "InternalFailure", "An internal error occurred.")


def _answer_refusal(
    step: UnofferedStep,
    dialect: Dialect,
    code: str,
    message: str,
    said: Decided | NotDecided | None = None,
) -> Answer:
    decided = (said,) if isinstance(said, Decided) else ()
    event = failure_event(step, spelled(dialect, code)[0], message, decided)
    return _audited_answer(
        step, dialect, write_api_error(dialect, code, message, _arrived_of(step).request_id), event, decided
    )


def _held_back(step: UnofferedStep, dialect: Dialect, throttled: Throttled) -> Answer:
    response = write_api_error(dialect, _THROTTLING, str(throttled), _arrived_of(step).request_id)
    if throttled.untold is None:
        return Answer(response=response, account=_account(step), pause=throttled.pause)
    event = failure_event(step, spelled(dialect, _THROTTLING)[0], str(throttled), ())
    tell_untold(event, throttled.untold)
    return _audited_answer(step, dialect, response, event, (), throttled.pause)


def _audited_answer(
    step: UnofferedStep,
    dialect: Dialect,
    response: HttpResponse,
    event: Event,
    decided: tuple[Decided, ...],
    pause: float = 0.0,
) -> Answer:
    arrived = _arrived_of(step)
    unaudited = partial(write_api_error, dialect, "ServiceUnavailable", request_id=arrived.request_id)
    return recorded_first(arrived, _account(step), response, event, decided, unaudited, pause)


def _arrived_of(step: UnofferedStep) -> Arrived:
    return step.arrived if isinstance(step, ForUnoffered) else step.routed.arrived


def _account(step: UnofferedStep) -> str:
    return step.caller.principal.account if isinstance(step, AskedUnoffered) else ""
