"""The answers to requests for the AWS APIs that are refused or have failed, at whichever step."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.decisions import DecisionLog
from carnet.audit.events import Event, failure_event, tell_untold
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed, Step, account_of, arrived_of, caller_of
from carnet.base.faults import Fault, Unavailable
from carnet.base.http import HttpResponse
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import Anonymous
from carnet.models import Operation as Asked
from carnet.models import Protocol as Wire
from carnet.protocols.errors import Where, WireError, throttling_code, write_error
from carnet.server.fairness.throttle import Throttle, Throttled
from carnet.server.outbox import Answer
from carnet.server.recorded import recorded_first
from carnet.services.service import Service

_LOG = logging.getLogger("carnet.server")
FAILED, FAILED_MESSAGE = "InternalFailure", "An internal error occurred."


class Refusals:
    """Makes these answers, each with one audit event unless there are too many."""

    def __init__(self, services: Mapping[str, Service], decisions: DecisionLog, throttle: Throttle) -> None:
        self._services = services
        self._decisions = decisions
        self._throttle = throttle

    def answer(self, step: Step, problem: Exception, decided: tuple[Decided, ...] = ()) -> Answer:
        """Answer a request that was refused, or that failed with an unexpected exception."""
        try:
            counted = self._count_failure(step, problem)
            if isinstance(counted, Throttled):
                return self._hold_back(step, problem, counted)
            if isinstance(problem, AuthFailure) and problem.computed:
                problem = self._record_signature(step, problem)
            if isinstance(problem, WireError | AuthFailure | Fault):
                return self._refuse(step, problem, decided)
        except Exception as further:
            problem = further
        _LOG.error("request %s failed", arrived_of(step).request_id, exc_info=problem)
        # The event does not have the parameters, because they may have caused the failure.
        step = step.authenticated if isinstance(step, Parsed) else step
        return self._refuse(step, WireError(FAILED, FAILED_MESSAGE, _where(step)), decided)

    def _count_failure(self, step: Step, problem: Exception) -> Exception:
        """The problem; or Throttled, if the caller is not proven and too many such requests have failed."""
        caller = caller_of(step)
        if isinstance(problem, Throttled | Unavailable) or not (caller is None or isinstance(caller, Anonymous)):
            return problem
        try:
            self._throttle.fail(arrived_of(step).http.peer)
        except Throttled as throttled:
            return throttled
        return problem

    def _hold_back(self, step: Step, problem: Exception, throttled: Throttled) -> Answer:
        """Answer that there were too many requests, in place of `problem`."""
        arrived, where = arrived_of(step), problem.where if isinstance(problem, WireError) else _where(step)
        code, message = throttling_code(where), str(throttled)
        response = error(where, arrived, code, message)
        if throttled.untold is None:
            return Answer(response=response, account=account_of(step), pause=throttled.pause)
        event = failure_event(step, _exception_name(where, code), message, ())
        tell_untold(event, throttled.untold)
        return _audited_answer(where, arrived, account_of(step), response, event, (), throttled.pause)

    def _record_signature(self, step: Step, failure: AuthFailure) -> AuthFailure | WireError:
        """The failure, once the log has what was computed for the request; or a WireError if the log cannot be
        written."""
        arrived = arrived_of(step)
        try:
            self._decisions.record_refused_signature(arrived.request_id, arrived.time, failure.computed)
        except Unavailable as unrecorded:
            return WireError("ServiceUnavailable", unrecorded.message, _where(step))
        return failure

    def _refuse(self, step: Step, problem: WireError | AuthFailure | Fault, decided: tuple[Decided, ...]) -> Answer:
        where = problem.where if isinstance(problem, WireError) else _where(step)
        code, arrived = self._code(where, problem), arrived_of(step)
        event = failure_event(step, _exception_name(where, code), problem.message, decided)
        members = None if isinstance(problem, AuthFailure) else problem.members
        response = error(where, arrived, code, problem.message, members)
        return _audited_answer(where, arrived, account_of(step), response, event, decided)

    def _code(self, where: Where, problem: WireError | AuthFailure | Fault) -> str:
        if isinstance(problem, Fault) and isinstance(where, Asked):
            return self._services[where.service.name].code(problem)
        assert not isinstance(problem, Fault), "what is not routed meets no fault"
        return problem.code


def _where(step: Step) -> Where:
    """The operation, or the protocol, in whose form an error is written."""
    match step:
        case Parsed():
            return step.authenticated.routed.operation
        case Authenticated():
            return step.routed.operation
        case Routed():
            return step.operation
        case Arrived():
            return Wire.QUERY


def _audited_answer(
    where: Where,
    arrived: Arrived,
    account: str,
    response: HttpResponse,
    event: Event,
    decided: tuple[Decided, ...],
    pause: float = 0.0,
) -> Answer:
    unaudited = partial(error, where, arrived, "ServiceUnavailable")
    return recorded_first(arrived, account, response, event, decided, unaudited, pause)


def error(
    where: Where, arrived: Arrived, code: str, message: str, members: Mapping[str, Any] | None = None
) -> HttpResponse:
    return write_error(where, code, message, arrived.request_id, members, arrived.http.first.get("accept"))


def _exception_name(where: Where, code: str) -> str:
    """CloudTrail's name of an error: its shape, `NoSuchEntityException`, not its code on the wire."""
    error = where.service.errors.get(code) if isinstance(where, Asked) else None
    return code if error is None else error.shape.name
