"""Requests about the policies of resources, which are kept here: those about nothing else, and those that carry one."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.audit.events import event_without_request, success_event
from carnet.base.arns import OWN_SERVICE
from carnet.base.faults import Malformed
from carnet.base.http import HttpResponse
from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.gateway.answers import (
    FIRST_ERROR,
    answered_by,
    audited,
    event_of,
    handed_back,
    of_change,
    passed_on,
    with_upstream,
    written,
)
from carnet.gateway.call import Call
from carnet.gateway.checks.check import Check
from carnet.gateway.checks.lookups import NO_KEY
from carnet.gateway.deciding import Resolved
from carnet.gateway.failures import says_not_there
from carnet.gateway.policies.policy_change import (
    NamesNobody,
    PoliciesForgotten,
    PolicyChange,
    ShutsOut,
    TooLong,
    policies_under,
)
from carnet.gateway.policies.policy_kinds import Kind
from carnet.gateway.policies.policy_operations import (
    CHANGES,
    ENDS,
    MADE_AGAIN,
    Act,
    CarriedPolicy,
    PolicyOperation,
    Told,
)
from carnet.gateway.policies.reread import members_of, reread
from carnet.gateway.policies.resource_policies import kept_policy, shown_policy
from carnet.gateway.policies.validated import validated
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.modes import tell_mode
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.models import operation
from carnet.policy.document import Grammar
from carnet.protocols.errors import WireError
from carnet.server.outbox import Answer
from carnet.server.writer import Writer
from carnet.services.documents import parse_once
from carnet.services.execution import Done, Execution

_MOST_DESCRIBED = 1024 * 1024
_ON_REPLICA = "Operation not permitted on a replica secret. Call must be made in primary secret's region."
_ATTRIBUTES, _POLICY, _ALL = "Attributes", "Policy", "All"


class KeptPolicies:
    """The policies that are kept in one installation."""

    def __init__(self, execution: Execution, writer: Writer) -> None:
        self._execution = execution
        self._writer = writer

    async def answer(self, call: Call, here: PolicyOperation, resolved: tuple[Resolved, ...]) -> Answer:
        """Answer a request about the policy of a resource, if the upstream has the resource. Raises WireError."""
        arn, account = resolved[0].resource, resolved[0].account
        arn_of_policy = resolved[0].replica_of or arn
        if here.act in CHANGES and arn_of_policy != arn:
            raise WireError("InvalidParameterException", _ON_REPLICA, call.operation)
        if here.act is Act.VALIDATE:
            return await self._validate(call, here, resolved)
        describe = operation(call.operation.service.name, here.kind.describe)
        response = await call.send(describe, here.kind.asked(arn), account)
        if response.status >= FIRST_ERROR:
            return await handed_back(call, response)
        described = members_of(await response.whole(_MOST_DESCRIBED))
        if here.act in CHANGES:
            policy = here.policy(call.given) or None
            if policy is None and here.act is Act.PUT and not here.kind.takes_away:
                raise WireError(here.kind.malformed, "The policy is empty.", call.operation)
            change = replace(
                self._change(call, here.kind, resolved, arn, policy),
                names_gone=here.act is Act.REVISE,
                revise=lambda current: here.revised(arn, current, call.given),
                answer=lambda put: here.answer(Told(arn=arn, described=described, policy=put, given=call.given)),
            )
            await _parse_before(call, here.kind, policy)
            done = await self._make(call, here.kind, change)
            return of_change(call.operation, call.parsed, written(call, done.answer), done)
        policy = shown_policy(self._execution.directory.snapshot, arn_of_policy, account)
        if policy is None and here.kind.missing:
            raise WireError(here.kind.missing, here.kind.says_missing.format(arn), call.operation)
        answer = here.answer(Told(arn=arn, described=described, policy=policy, given=call.given))
        event = success_event(call.parsed, {}, tuple(call.decided))
        return audited(call.operation, call.parsed, written(call, answer), event, tuple(call.decided))

    async def _validate(self, call: Call, here: PolicyOperation, resolved: tuple[Resolved, ...]) -> Answer:
        """Answer what would be wrong with a policy. What is looked up has told that the resource is there."""
        policy = here.policy(call.given) or ""
        await _parse_before(call, here.kind, policy)
        change = self._change(call, here.kind, resolved, resolved[0].resource, policy)
        try:
            return await validated(call, self._execution.directory.snapshot, change, policy)
        except Malformed as problem:
            raise _refusal(call, here.kind, problem) from None

    async def check_before(self, call: Call, carried: CarriedPolicy, resolved: tuple[Resolved, ...]) -> None:
        """Refuse what the policy will be refused for, before the upstream has made anything. Raises WireError."""
        if carried.policy is None:
            return
        await _parse_before(call, carried.kind, carried.policy)
        one = resolved[0]
        partition = call.caller.principal.arn.split(":", 2)[1]
        arn = f"arn:{partition}:kms:{call.caller.region}:{one.account}:key/{NO_KEY}" if carried.made else one.resource
        change = self._change(call, carried.kind, resolved, arn, carried.policy)
        policy = carried.policy
        try:
            await call.deciding(lambda: change.put_by(self._execution.directory.snapshot, call.caller, policy))
        except Malformed as problem:
            raise _refusal(call, carried.kind, problem) from None

    async def put_carried(
        self, call: Call, carried: CarriedPolicy, resolved: tuple[Resolved, ...], response: UpstreamResponse
    ) -> Answer:
        """Keep the policy that came with what the upstream has done. Raises what makes it known that it is not kept."""
        if response.status >= FIRST_ERROR:
            return await handed_back(call, response)
        body = await response.whole(_MOST_DESCRIBED)
        arn = resolved[0].resource if not carried.made else _text_at(members_of(body), carried.made)
        if arn is None:
            raise WireError("InternalFailure", "The upstream does not say what it has made.", call.operation)
        change = replace(
            self._change(call, carried.kind, resolved, arn, carried.policy),
            tell=lambda event: with_upstream(event, response.headers),
        )
        done = await self._make(call, carried.kind, change)
        told = passed_on(call, HttpResponse(status=response.status, headers=response.headers, body=body))
        return of_change(call.operation, call.parsed, told, done)

    async def shown(self, call: Call, resolved: tuple[Resolved, ...], response: UpstreamResponse) -> Answer:
        """An upstream's answer that has attributes, with the policy that is kept in the place of the upstream's."""
        if response.status >= FIRST_ERROR:
            return await handed_back(call, response)
        members = reread(call.operation, response, await response.whole(_MOST_DESCRIBED))
        kept = kept_policy(self._execution.directory.snapshot, resolved[0].resource, resolved[0].account)
        names = call.given.get("AttributeNames", [_ALL])
        if kept is not None and (_ALL in names or _POLICY in names):
            policy = shown_policy(self._execution.directory.snapshot, kept.arn, kept.account)
            members = {**members, _ATTRIBUTES: {**members.get(_ATTRIBUTES, {}), _POLICY: policy}}
        event = with_upstream(
            tell_mode(success_event(call.parsed, {}, tuple(call.decided)), call.mode), response.headers
        )
        return audited(call.operation, call.parsed, written(call, members), event, tuple(call.decided))

    def under(self, resolved: tuple[Resolved, ...]) -> tuple[ResourceBasedPolicy, ...]:
        """The policies of a resource and of its parts, as they are now."""
        return policies_under(self._execution.directory.snapshot, resolved[0].resource, resolved[0].account)

    async def settle(self, call: Call, resolved: tuple[Resolved, ...]) -> None:
        """Forget the policies of a resource that is gone, before another is made under its name.

        The request that deletes a resource also removes its policies (`forgotten`), unless the server dies in
        between. Raises UpstreamFailed if it is not known whether the resource is there.
        """
        known = self.under(resolved)
        if not known:
            return
        arn, account = resolved[0].resource, resolved[0].account
        kind = MADE_AGAIN[call.operation.service.name, call.operation.name]
        describe = operation(call.operation.service.name, kind.describe)
        response = await call.send(describe, kind.asked(arn), account)
        body = await response.whole(_MOST_DESCRIBED)
        told = HttpResponse(status=response.status, headers=response.headers, body=body)
        if told.status < FIRST_ERROR:
            return
        if not says_not_there(told):
            raise UpstreamFailed("the upstream does not say whether the resource is there", sent=False)
        event = event_without_request(
            OWN_SERVICE, "ForgetPolicies", str(uuid.uuid4()), call.arrived.time, {"arn": arn, "accountId": account}
        )
        change = PoliciesForgotten(arn=arn, account=account, known=known, event=event, decided=())
        await self._writer.make(change, call.caller.principal.account)

    async def forgotten(
        self,
        call: Call,
        resolved: tuple[Resolved, ...],
        known: tuple[ResourceBasedPolicy, ...],
        response: UpstreamResponse,
    ) -> Answer:
        """An upstream's answer behind which a resource is gone, or new, and has none of the policies `known` before."""
        arn, account = resolved[0].resource, resolved[0].account
        body = await response.whole(_MOST_DESCRIBED)
        told = HttpResponse(status=response.status, headers=response.headers, body=body)
        ends = (call.operation.service.name, call.operation.name) in ENDS
        is_gone = told.status < FIRST_ERROR or (ends and says_not_there(told))
        if not is_gone or not known:
            return answered_by(call, told)
        change = PoliciesForgotten(
            arn=arn, account=account, known=known, event=event_of(call, told), decided=tuple(call.decided)
        )
        outcome = await self._writer.make(change, call.caller.principal.account)
        return of_change(call.operation, call.parsed, passed_on(call, told), outcome)

    def _change(
        self,
        call: Call,
        kind: Kind,
        resolved: tuple[Resolved, ...],
        arn: str,
        policy: str | None,
    ) -> PolicyChange:
        account = resolved[0].account
        keeps: tuple[Resolved, ...] = ()
        if kind.lockout is not None and not call.given.get(kind.lockout.confirmed):
            keeps = (Resolved(Check(action=kind.lockout.action, resource=arn, account=account), arn, account),)
        return PolicyChange(
            execution=self._execution,
            parsed=call.parsed,
            checks=resolved,
            arn=arn,
            account=account,
            revise=lambda current: policy,
            most=kind.most,
            keeps=keeps,
            finish=call.decided_again,
        )

    async def _make(self, call: Call, kind: Kind, change: PolicyChange) -> Done:
        try:
            await call.deciding(lambda: change.try_out(self._execution.directory.snapshot, call.caller))
            return await self._writer.make(change, call.caller.principal.account)
        except Malformed as problem:
            raise _refusal(call, kind, problem) from None


def _refusal(call: Call, kind: Kind, problem: Malformed) -> WireError:
    """Why a policy is not kept, as the service of its resource says it."""
    if isinstance(problem, ShutsOut) and kind.lockout is not None:
        return WireError(kind.lockout.code, kind.lockout.message, call.operation)
    if isinstance(problem, NamesNobody) and kind.no_principal:
        return WireError(kind.malformed, kind.no_principal, call.operation)
    code = kind.too_long if isinstance(problem, TooLong) else ""
    return WireError(code or kind.malformed, problem.message, call.operation)


async def _parse_before(call: Call, kind: Kind, policy: str | None) -> None:
    """Parse a policy before the lock of the writers, which finds it parsed. Raises WireError."""
    if policy is None:
        return
    if len(policy.encode("utf-8", "replace")) > kind.most:
        raise WireError(kind.malformed, f"The policy is longer than {kind.most} bytes.", call.operation)
    partition = call.caller.principal.arn.split(":", 2)[1]
    try:
        parsed = await asyncio.to_thread(parse_once, policy, Grammar.RESOURCE, partition)
    except Malformed as problem:
        raise WireError(kind.malformed, kind.says_malformed or problem.message, call.operation) from None
    actions = [pattern.text for statement in parsed.statements for pattern in statement.actions.patterns]
    if kind.actions and not all(_is_in_scope(call, kind, action) for action in actions):
        raise WireError(kind.malformed, kind.out_of_scope, call.operation)


def _is_in_scope(call: Call, kind: Kind, action: str) -> bool:
    """Whether a policy may name an action, or a pattern that is not for all of them."""
    service, _, name = action.lower().rpartition(":")
    is_pattern = "*" in name or "?" in name
    return service == call.operation.service.name and (name in kind.actions or (is_pattern and name.strip("*?") != ""))


def _text_at(members: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    value: Any = members
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None
