"""The AWS APIs: the steps of a request, in order, on one page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from math import inf
from typing import Any, Protocol, TypeVar

from msgspec import structs

from carnet.access.authorize import Decided
from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.json_line import line_of
from carnet.audit.steps import (
    Arrived,
    Authenticated,
    Parsed,
    Routed,
    Step,
    account_of,
    identified,
)
from carnet.base.clock import Clock
from carnet.base.faults import Fault
from carnet.base.http import HttpRequest
from carnet.base.ids import Ids
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.authenticate import Authenticate, Authenticators
from carnet.identity.caller import Caller, Federated, SignedIn, Verified
from carnet.models import COMMON_VOICE
from carnet.models import Operation as Asked
from carnet.policy.at_once import AT_ONCE, TakesLong
from carnet.protocols.common_errors import COMMON_ERRORS
from carnet.protocols.errors import WireError
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from carnet.protocols.unoffered import NotOffered, Unoffered
from carnet.protocols.validate import validate
from carnet.protocols.write import write
from carnet.server.fairness.throttle import Throttle, Throttled
from carnet.server.frontend import Streaming
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.read_your_writes import REVISION
from carnet.server.refusals import FAILED, FAILED_MESSAGE, Refusals, error
from carnet.server.unoffered import UnofferedServices, sentence_of
from carnet.server.writer import Writer
from carnet.services.code_attempt import accepted, code_attempt
from carnet.services.code_check import CodeCheck
from carnet.services.execution import Admitted, Execution, Failed, Outcome, Requested
from carnet.services.operation import Operation, Refusal
from carnet.services.preparing import Pools, Preparation
from carnet.services.service import Service
from carnet.services.turns import Whose, whose
from carnet.store.faults import Lost

_LOG = logging.getLogger("carnet.server")
T = TypeVar("T", bound=Admitted | Outcome)


class Forwarding(Protocol):
    """Takes requests for services that Carnet does not offer itself: the gateway."""

    streaming: tuple[Streaming, ...]
    """The parts that answer requests whose bodies are read while they arrive."""

    def takes(self, asked: Unoffered) -> bool:
        """Whether requests for that service are forwarded to an upstream."""

    def respond(self, arrived: Arrived, asked: Unoffered) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one of them, with one audit event."""

    def close(self) -> None:
        """Finish what is under way."""


class AwsApi:
    """Answers the requests of every service on one address. `services` are by botocore's names."""

    def __init__(
        self,
        execution: Execution,
        services: Mapping[str, Service],
        authenticators: Authenticators,
        *,
        clock: Clock,
        ids: Ids,
        decisions: DecisionLog,
        throttle: Throttle,
        pools: Pools,
        forwarding: Callable[[Writer], Forwarding | None] = lambda writer: None,
    ) -> None:
        self._execution = execution
        self._services = services
        self._authenticators = authenticators
        self._clock = clock
        self._ids = ids
        self._throttle = throttle
        self._refusals = Refusals(services, decisions, throttle)
        self._long = LongPolicies(execution, pools)
        self._unoffered = UnofferedServices(execution, authenticators, decisions, throttle, self._long)
        self._pools = pools
        self.writer = Writer(execution)
        self._forwarding = forwarding(self.writer)
        self.streaming = self._forwarding.streaming if self._forwarding is not None else ()

    def respond(self, http: HttpRequest, refused: Fault | None = None) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one request, with one audit event. The answer to a change has to be awaited.

        `refused` is a fault for which the request is refused before its caller is looked for.
        """
        request_id, event_id = self._ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._clock(), http=http)
        step: Step = arrived
        try:
            request = route(http)
            service = self._services.get(request.operation.service.name)
            operation = service.operations.get(request.operation.name) if service is not None else None
            step = _routed_step(arrived, request.operation, operation, service)
            if self._execution.directory.lost:
                raise Lost
            if refused is not None:
                raise refused
            step = Authenticated(routed=step, caller=self._authenticate(step, operation))
            self._execution.note_use(step.caller, arrived.time)
            if account := step.caller.principal.account:
                writes = operation is not None and operation.writes
                self._throttle.admit(account, request.operation.service.name, writes=writes)
            step = Parsed(authenticated=step, given=parse(request, http))
            validate(request.operation, step.given, service.voice if service is not None else COMMON_VOICE)
            if operation is None:
                return self._not_written(step)
            if operation.prepare is not None and operation.is_prepared(step.given):
                return self._prepare(operation, operation.prepare, step)
            if operation.writes:
                return self._change(operation, step)
            outcome = self._execution.read(operation, step, AT_ONCE)
            return self._later(operation, step) if _takes_long(outcome) else self._answer(step, outcome)
        except NotOffered as other:
            if refused is not None:
                return self._unoffered.refuse(arrived, other.asked, refused)
            if self._forwarding is not None and self._forwarding.takes(other.asked):
                return self._forwarding.respond(arrived, other.asked)
            return self._unoffered.respond(arrived, other.asked)
        except Exception as problem:
            return self._refusals.answer(step, problem)

    def account_of(self, http: HttpRequest) -> str:
        """The account of the caller, if a signature proves it now; '' if not, for example because the key is too new to
        be known."""
        try:
            return self._signer(http).principal.account
        except (WireError, NotOffered, AuthFailure, Fault):
            return ""  # the error is told when the request is answered

    def _signer(self, http: HttpRequest) -> Caller:
        """The caller who has signed. Raises WireError, NotOffered, AuthFailure or a Fault if nobody has."""
        service = route(http).operation.service.signing_name
        return self._authenticators[Authenticate.SIGV4](http, service=service, now=self._clock())

    def _authenticate(self, routed: Routed, operation: Operation | None) -> Caller:
        """The caller, by the authenticator that the operation names. Raises WireError if there is no such
        authenticator.

        For an operation that is not written yet, only the model says how callers prove who they are; only signatures
        are taken.
        """
        if operation is not None:
            authenticator = self._authenticators.get(operation.authenticate)
        else:
            signed = Authenticate.SIGV4.fits(routed.operation)
            authenticator = self._authenticators.get(Authenticate.SIGV4) if signed else None
        if authenticator is None:
            raise _not_offered(routed.operation)
        arrived, service = routed.arrived, routed.operation.service.signing_name
        if arrived.http.peer in self._throttle:
            self._throttle.screen(arrived.http, service)
        return authenticator(arrived.http, service=service, now=arrived.time)

    async def _not_written(self, parsed: Parsed) -> Answer:
        """The answer to an operation that is not written yet: what the policies say about it."""
        operation, caller = parsed.authenticated.routed.operation, parsed.authenticated.caller
        assert isinstance(caller, Verified | SignedIn), "nothing but a signature is taken"
        try:
            said = await self._unoffered.said_of(parsed.authenticated.routed.arrived, caller, operation, parsed.given)
        except Exception as problem:
            return self._refusals.answer(parsed, problem)
        common, message = sentence_of(said, f"{operation.service.name}:{operation.name}")
        code = COMMON_ERRORS[common][operation.service.protocol].code
        return self._refusals.answer(
            parsed, WireError(code, message, operation), (said,) if isinstance(said, Decided) else ()
        )

    async def _later(self, operation: Operation, parsed: Parsed, prepared: Any = None) -> Answer:
        """Carry out a read that takes so long that others would have to wait. INVARIANT: the caller is looked up again
        then."""
        read = partial(self._execution.read_prepared, operation, parsed, prepared)
        try:
            outcome = await self._long.apart(partial(_all_of, read), _whose(parsed))
        except Exception as problem:
            return self._refusals.answer(parsed, problem)
        return self._answer(parsed, outcome)

    async def _admitted_apart(self, operation: Operation, parsed: Parsed) -> Admitted | Failed:
        admit = partial(self._execution.admit, operation, parsed)
        return await self._long.apart(partial(_all_of, admit), _whose(parsed))

    async def _prepare(self, operation: Operation, preparation: Preparation | CodeCheck, parsed: Parsed) -> Answer:
        """Do the operation's slow work, or check MFA codes, before the operation takes its turn; only for a caller who
        may call it."""
        admitted = self._execution.admit(operation, parsed, AT_ONCE)
        try:
            if _takes_long(admitted):
                admitted = await self._admitted_apart(operation, parsed)
        except Exception as problem:
            return self._refusals.answer(parsed, problem)
        if isinstance(admitted, Failed):
            return self._refusals.answer(parsed, admitted.problem, admitted.decided)
        try:
            if isinstance(preparation, CodeCheck):
                attempt = code_attempt(self._execution, preparation, admitted, parsed)
                prepared: Any = accepted(
                    preparation, await self.writer.write(attempt, parsed.authenticated.caller.principal.account)
                )
            else:
                prepared = await self._pools.run(preparation, admitted.call, parsed.given, _whose(parsed))
        except Exception as problem:
            return self._refusals.answer(parsed, problem, admitted.decided)
        try:
            parsed = self._with_identified_caller(operation, parsed, prepared)
        except Throttled as problem:
            return self._refusals.answer(parsed, problem, admitted.decided)
        if operation.writes:
            return await self._change(operation, parsed, prepared)
        outcome = self._execution.read_prepared(operation, parsed, prepared, AT_ONCE)
        if not _takes_long(outcome):
            return self._answer(parsed, outcome)
        return await self._later(operation, parsed, prepared)

    def _with_identified_caller(self, operation: Operation, parsed: Parsed, prepared: object) -> Parsed:
        """The call with the caller that its preparation has found. Raises Throttled if the caller's account calls too
        often."""
        found = identified(parsed, prepared)
        if isinstance(found.authenticated.caller, Federated):
            service = found.authenticated.routed.operation.service.name
            self._throttle.admit(found.authenticated.caller.account, service, writes=operation.writes)
        return found

    async def _change(self, operation: Operation, parsed: Parsed, prepared: Any = None) -> Answer:
        """Hand the change to the writer, which makes one change after the other."""
        try:
            requested = Requested(operation=operation, parsed=parsed, prepared=prepared, at_once=AT_ONCE)
            outcome = await self.writer.write(requested, parsed.authenticated.caller.principal.account)
            if _takes_long(outcome):
                admitted = await self._admitted_apart(operation, parsed)
                if isinstance(admitted, Failed):
                    return self._refusals.answer(parsed, admitted.problem, admitted.decided)
                requested = structs.replace(requested, at_once=inf)
                outcome = await self.writer.write(requested, parsed.authenticated.caller.principal.account)
        except Exception as problem:
            return self._refusals.answer(parsed, problem)
        return self._answer(parsed, outcome)

    def _answer(self, parsed: Parsed, outcome: Outcome) -> Answer:
        if isinstance(outcome, Failed):
            return self._refusals.answer(parsed, outcome.problem, outcome.decided)
        routed = parsed.authenticated.routed
        arrived = routed.arrived
        try:
            if isinstance(outcome.answer, Refusal):
                fault = outcome.answer.fault
                response = error(routed.operation, arrived, fault.code, fault.message, fault.members)
            else:
                response = write(routed.operation, outcome.answer, arrived.request_id, arrived.http.first.get("accept"))
        except Exception as problem:
            if routed.read_only:
                return self._refusals.answer(parsed, problem, outcome.decided)
            # The change is made nevertheless, and its event says so.
            _LOG.exception("the answer to request %s failed", arrived.request_id)
            response = error(routed.operation, arrived, FAILED, FAILED_MESSAGE)
        if outcome.revision:
            revision = (REVISION, str(outcome.revision))
            response = structs.replace(response, headers=(*response.headers, revision))
        account, decided = parsed.authenticated.caller.principal.account, None
        if outcome.decided:
            decided = DecidedCall(decision_id=arrived.request_id, time=arrived.time, decided=outcome.decided)
        if outcome.recorded:
            return Answer(response=response, decided=decided, account=account)
        # This is `recorded_first`, written out: every call comes through here, and each call of another module costs
        # time.
        return Answer(
            response=response,
            event=line_of(outcome.event),
            decided=decided,
            unaudited=partial(error, routed.operation, arrived, "ServiceUnavailable"),
            account=account,
        )

    def close(self) -> None:
        """Finish what is under way."""
        self.writer.close()
        if self._forwarding is not None:
            self._forwarding.close()


def _whose(parsed: Parsed) -> Whose:
    return whose(account_of(parsed), parsed.authenticated.routed.arrived.http.peer)


def _all_of(work: Callable[[], T]) -> T:
    """The outcome; raises TakesLong if policies are still to be compiled."""
    outcome = work()
    if _takes_long(outcome):
        raise TakesLong
    return outcome


def _takes_long(outcome: Admitted | Outcome) -> bool:
    return isinstance(outcome, Failed) and isinstance(outcome.problem, TakesLong)


def _routed_step(arrived: Arrived, asked: Asked, operation: Operation | None, service: Service | None) -> Routed:
    return Routed(
        arrived=arrived,
        operation=asked,
        event_source=asked.service.event_source if service is None else service.event_source,
        read_only=operation is None or not operation.writes,
    )


def _not_offered(asked: Asked) -> WireError:
    return WireError("NotImplemented", f"Carnet does not offer {asked.service.name}:{asked.name} yet.", asked)
