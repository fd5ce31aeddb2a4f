"""Requests for services that stand behind the gateway: the steps of each, in order.

A request is authenticated, parsed, mapped to the permissions that it needs, decided, rebuilt and sent to the upstream,
and the answer is passed back. If something is not known for certain on the way, the request is refused, and nothing is
sent.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from carnet.audit.steps import Arrived, Authenticated, Parsed, Step, account_of
from carnet.base.bounded_json import loads
from carnet.base.http import HttpResponse
from carnet.gateway.acting_services import deliveries, refuse_idle
from carnet.gateway.answers import NOT_SENT, answered_by, denial_of, failed, handed_back
from carnet.gateway.aside import Aside
from carnet.gateway.call import Call, routed
from carnet.gateway.checks.check import Check, Refusal, Scope, Sought, SoughtBy
from carnet.gateway.checks.foreign_objects import S3, object_read
from carnet.gateway.checks.lookups import LookupFailed, NotFound, pinned, resource_of, stand_in
from carnet.gateway.checks.mapping import mapped
from carnet.gateway.checks.resource_keys import decide_with_keys
from carnet.gateway.checks.services.secretsmanager import found_secret, primary_of
from carnet.gateway.deciding import Resolved
from carnet.gateway.forced_away import forced_away
from carnet.gateway.keys.environments import SHOWS as SHOWS_ENVIRONMENT
from carnet.gateway.keys.environments import shown
from carnet.gateway.keys.kept_grants import OPERATIONS as OF_GRANTS
from carnet.gateway.keys.kept_grants import TOKENS, KeptGrants
from carnet.gateway.keys.key_permissions import allow_keys
from carnet.gateway.keys.known_keys import CHANGES_KEY, KnownKeys
from carnet.gateway.keys.released import TELLS_KEY, released
from carnet.gateway.long_requests import LongRequests
from carnet.gateway.own_tags import changes_own, shut_out, shuts_out
from carnet.gateway.policies.kept_policies import KeptPolicies
from carnet.gateway.policies.own_policies import about_policy
from carnet.gateway.policies.policy_operations import (
    ENDS,
    MADE_AGAIN,
    MAKES,
    SHOWS_POLICY,
    carried_policy,
    policy_operation,
)
from carnet.gateway.s3.gateway import S3Gateway
from carnet.gateway.s3.parts import StreamingParts
from carnet.gateway.statements import are_together, executed_together, made_anew
from carnet.gateway.upstreams.configured import Mode, UpstreamSettings
from carnet.gateway.upstreams.exchange import Exchange
from carnet.gateway.upstreams.modes import naming
from carnet.gateway.voices import voice_of
from carnet.identity.caller import AccountCaller
from carnet.models import FORWARDED, OLDER_FORMS, Operation, Service, forwarded, older_form
from carnet.protocols.errors import WireError
from carnet.protocols.parse import parse
from carnet.protocols.routing import Routed, route_to
from carnet.protocols.unoffered import Dialect, Unoffered
from carnet.protocols.validate import validate
from carnet.server.frontend import Streaming
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.signed_callers import SignedCallers
from carnet.server.writer import Writer
from carnet.services.execution import Execution
from carnet.services.turns import whose
from carnet.store.faults import Lost

_OF_POLICIES = "these policies and grants are not kept here yet, and no upstream is told of one"


class _AuthenticatedRequest(NamedTuple):
    """A request whose caller and operation are known."""

    found: Service
    asked: Routed
    caller: AccountCaller
    step: Authenticated


class _Input(NamedTuple):
    given: Mapping[str, Any]
    problem: Exception | None
    """The violation of the model's constraints, if there is one."""


def _read_input(begun: _AuthenticatedRequest, _: None) -> _Input:
    """The input of a request. Raises WireError if it does not have the operation's form."""
    given = parse(begun.asked, begun.step.routed.arrived.http)
    try:
        validate(begun.asked.operation, given, voice_of(begun.found.name))
    except WireError as problem:
        return _Input(given, problem)
    return _Input(given, None)


class Gateway:
    """Answers requests for the services behind the gateway."""

    def __init__(
        self,
        execution: Execution,
        signed: SignedCallers,
        writer: Writer,
        upstreams: Sequence[UpstreamSettings],
        parts: StreamingParts,
    ) -> None:
        self._execution = execution
        self._policies = KeptPolicies(execution, writer)
        self._grants = KeptGrants(execution, writer)
        self._signed = signed
        self._bodies = parts.bodies
        self._pools = parts.pools
        self._check_room = parts.check_room
        self._long = LongPolicies(execution, parts.pools)
        exchanges = [Exchange(settings, parts.clock) for settings in upstreams]
        self._exchanges = exchanges
        self._known_keys = KnownKeys(parts.clock)
        self._by_service = {name: one for one in exchanges for name in one.settings.services}
        of_s3 = "s3" in self._by_service
        self.streaming: tuple[Streaming, ...] = (
            *((S3Gateway(execution, signed, self._by_service, parts),) if of_s3 else ()),
            LongRequests(self.takes, _service_model, self.respond_long, execution.credentials.find, parts),
        )

    def takes(self, unoffered: Unoffered) -> bool:
        """Whether a request is for a service that stands behind this gateway."""
        return unoffered.name in FORWARDED and unoffered.name in self._by_service and not unoffered.unsigned

    def respond(self, arrived: Arrived, unoffered: Unoffered) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one request, with one audit event. The answer names the mode of the upstream."""
        begun = self._begin(arrived, unoffered)
        if isinstance(begun, Answer):
            return begun
        try:
            read = _read_input(begun, None)
        except Exception as problem:
            return self._answer_problem(begun.found, begun.step, problem)
        return self._continue(begun, read)

    async def respond_long(self, arrived: Arrived, unoffered: Unoffered) -> Answer:
        """As `respond`, for a long request: others need not wait while it is parsed and rebuilt."""
        begun = self._begin(arrived, unoffered)
        if isinstance(begun, Answer):
            return begun
        aside = Aside(self._pools, whose(account_of(begun.step), arrived.http.peer))
        try:
            read = await aside.run(_read_input, begun, None)
        except Exception as problem:
            return self._answer_problem(begun.found, begun.step, problem)
        answer = self._continue(begun, read, aside)
        return answer if isinstance(answer, Answer) else await answer

    def _begin(self, arrived: Arrived, unoffered: Unoffered) -> _AuthenticatedRequest | Answer:
        """The caller and the operation, or the answer if the request is refused."""
        found = _service_model(unoffered)
        step: Step = arrived
        try:
            _refuse_other_protocols(found, unoffered)
            asked = route_to(found, arrived.http)
            step = routed(arrived, asked.operation)
            if self._execution.directory.lost:
                raise Lost
            if not step.read_only:
                self._check_room()
            caller = self._signed.caller_of(arrived, found.signing_name)
            self._execution.note_use(caller, arrived.time)
            return _AuthenticatedRequest(found, asked, caller, Authenticated(routed=step, caller=caller))
        except Exception as problem:
            return self._answer_problem(found, step, problem)

    def _answer_problem(self, found: Service, step: Step, problem: Exception) -> Answer:
        return naming(failed(found, step, problem), self._by_service[found.name].settings.mode)

    def _continue(
        self, begun: _AuthenticatedRequest, read: _Input, aside: Aside | None = None
    ) -> Answer | Coroutine[Any, Any, Answer]:
        """Continue after the request is parsed."""
        step = Parsed(authenticated=begun.step, given=_name_members(read.given))
        if read.problem is not None:
            return self._answer_problem(begun.found, step, read.problem)
        return self._carry_out(
            Call(
                exchange=self._by_service[begun.found.name],
                exchanges=self._by_service,
                caller=begun.caller,
                operation=begun.asked.operation,
                given=read.given,
                bodies=self._bodies,
                long_policies=self._long,
                parsed=step,
                aside=aside,
            )
        )

    async def _carry_out(self, call: Call) -> Answer:
        answer = await self._answer(call)
        if (call.operation.service.name, call.operation.name) in CHANGES_KEY:
            for decided in call.decided:
                self._known_keys.forget(decided.check.resource)
        return naming(answer, call.mode)

    async def _answer(self, call: Call) -> Answer:
        """Decide, send the request on, and pass the answer back."""
        found = call.operation.service
        name = call.operation.name
        here, carried = policy_operation(found.name, name, call.given), carried_policy(found.name, name, call.given)
        try:
            grants = _is_of_grants(call.operation)
            if here is None and carried is None and not grants and about_policy(call.operation, call.given):
                raise WireError("NotImplemented", f"{NOT_SENT}: {_OF_POLICIES}.", call.operation)
            if are_together(call):
                return await executed_together(self._execution, self._known_keys, call, self._scope(call), _owner_of)
            # A change of policies that are kept here is enforced in every mode.
            binds = call.mode is Mode.ENFORCE or here is not None or carried is not None or grants
            resolved, given = await self._authorize(call, binds=binds)
            account = _owner_of(call, resolved)
            await allow_keys(self._execution, self._known_keys, call, resolved, binds=call.mode is Mode.ENFORCE)
            if grants:
                return await self._grants.answer(call, resolved)
            if changes_own(call) and await shuts_out(self._execution, call, resolved) and call.mode is Mode.ENFORCE:
                raise shut_out(call)
            if here is not None:
                return await self._policies.answer(call, here, resolved)
            if (found.name, name) in MADE_AGAIN:
                await self._policies.settle(call, resolved)
            if carried is not None:
                await self._policies.check_before(call, carried, resolved)
                response = await call.send(call.operation, carried.rest, account)
                return await self._policies.put_carried(call, carried, resolved, response)
            return await self._send_on(call, given, resolved, account)
        except NotFound as none:
            return answered_by(call, forced_away(call) or none.answer)
        except Exception as problem:
            return failed(found, call.parsed, problem, tuple(call.decided))

    async def _send_on(
        self, call: Call, given: Mapping[str, Any], resolved: tuple[Resolved, ...], account: str
    ) -> Answer:
        """Send `given`, which is allowed, and pass the answer back. Raises the exceptions that `failed` answers."""
        if call.mode is Mode.ENFORCE:
            await refuse_idle(self._execution, call, account)
        call.deliveries = await call.deciding(lambda: list(deliveries(self._execution, call, resolved)))
        service, name = asked = call.operation.service.name, call.operation.name
        known = self._policies.under(resolved) if asked in (*ENDS, *MAKES) else ()
        response = await call.send(call.operation, given, account)
        if service == "kms" and name in TELLS_KEY:
            return await released(call, resolved, response)
        if service == "lambda" and name in SHOWS_ENVIRONMENT:
            return await shown(self._execution, call, resolved[0], response)
        if asked in SHOWS_POLICY:
            return await self._policies.shown(call, resolved, response)
        if asked in (*ENDS, *MAKES):
            return await self._policies.forgotten(call, resolved, known, response)
        return await handed_back(call, response)

    async def _authorize(self, call: Call, *, binds: bool) -> tuple[tuple[Resolved, ...], Mapping[str, Any]]:
        """The resources of the request, and the input to send. Raises if the request is denied and the mode enforces
        it."""
        scope = self._scope(call)
        asked = self._grants.by_arns(call) if _is_of_grants(call.operation) else call.given
        checks = mapped(call.operation.service.name, call.operation.name, asked, scope)
        if isinstance(checks, Refusal):
            raise WireError(checks.code, checks.message, call.operation)
        given: Mapping[str, Any] = {name: value for name, value in call.given.items() if name != TOKENS}
        missing: NotFound | None = None
        resolved: list[Resolved] = []
        for check in checks:
            try:
                one = await self._resolve(call, check, scope)
            except NotFound as none:
                assert isinstance(check.resource, Sought), "nothing else is looked up"
                one, missing = Resolved(check, stand_in(check.resource, scope), check.account or scope.account), none
            resolved.append(one)
            if isinstance(check.resource, Sought) and missing is None:
                given = pinned(call.operation, given, check.resource, one.resource)
        known, absent = await decide_with_keys(self._execution, call, tuple(resolved))
        if binds and not call.decided[-1].decision.allowed:
            raise denial_of(call, self._execution.parts.keyring)
        if (not_there := missing or absent) is not None:
            raise not_there
        return known, made_anew(call, given)

    async def _resolve(self, call: Call, check: Check, scope: Scope) -> Resolved:
        if check.account is None and check.action.startswith(S3):
            return object_read(self._execution.directory.snapshot, call, check)
        if isinstance(check.resource, str):
            return Resolved(check, check.resource, check.account or scope.account)
        account = check.account or scope.account
        if check.resource.by is SoughtBy.KMS_CIPHERTEXT and not call.exchange.settings.profile.key_id_in_ciphertext:
            raise LookupFailed("which key a ciphertext is of cannot be told of this upstream's")
        if check.resource.by is SoughtBy.KMS_GRANT_TOKEN:
            return Resolved(check, *self._grants.key_of(call, check.resource.text))

        answers: list[HttpResponse] = []

        async def ask(operation: Operation, given: Mapping[str, Any]) -> HttpResponse:
            answers.append(await call.exchange.look_up(operation, given, call.asking(account)))
            return answers[-1]

        arn = await resource_of(check.resource, scope, ask)
        if check.resource.by is not SoughtBy.SECRET:
            return Resolved(check, arn, account)
        call.described[arn] = loads(answers[-1].body)
        return Resolved(found_secret(check, arn), arn, account, replica_of=primary_of(arn, call.described[arn]))

    def _scope(self, call: Call) -> Scope:
        account = self._execution.directory.snapshot.accounts[call.caller.principal.account].account
        return Scope(partition=account.partition, region=call.caller.region, account=account.id)

    def close(self) -> None:
        """End the connections that nobody uses."""
        for exchange in self._exchanges:
            exchange.close()


def _is_of_grants(operation: Operation) -> bool:
    return operation.service.name == "kms" and operation.name in OF_GRANTS


def _owner_of(call: Call, resolved: tuple[Resolved, ...]) -> str:
    """The account that owns all of the resources, objects that are only read aside."""
    owners = {one.account for one in resolved if not one.check.action.startswith(S3)}
    if len(owners) != 1:
        raise WireError("NotImplemented", f"{NOT_SENT}: the resources are of several accounts.", call.operation)
    return owners.pop()


def _service_model(unoffered: Unoffered) -> Service:
    """The service's model in the protocol that the client speaks, if that is an older one of the service."""
    older = unoffered.dialect is Dialect.QUERY and unoffered.name in OLDER_FORMS
    return older_form(unoffered.name) if older else forwarded(unoffered.name)


def _refuse_other_protocols(found: Service, unoffered: Unoffered) -> None:
    if unoffered.dialect not in (Dialect(found.protocol), Dialect.REST_JSON):
        spoken = f"{found.name} is spoken to in the protocol {found.protocol} here"
        raise WireError("NotImplemented", f"Not sent on: {spoken}, and not in {unoffered.dialect}.", found)


def _name_members(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members that name the resources of a request. All others are the caller's data and belong in no log."""
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and name.endswith(("Arn", "ARN", "Id", "Name", "Url", "Alias"))
    }
