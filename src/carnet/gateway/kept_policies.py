"""Answers requests about the policies of resources, which are kept here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from carnet.audit.events import success_event
from carnet.base.faults import Malformed
from carnet.gateway.answers import FIRST_ERROR, audited, handed_back, written
from carnet.gateway.call import Call
from carnet.gateway.deciding import Resolved
from carnet.gateway.policy_change import PolicyChange
from carnet.gateway.policy_operations import Act, PolicyOperation, Told, members_of
from carnet.gateway.resource_policies import shown_policy
from carnet.models import operation
from carnet.policy.document import Grammar
from carnet.protocols.errors import WireError
from carnet.server.outbox import Answer
from carnet.server.writer import Writer
from carnet.services.documents import parse_once
from carnet.services.execution import Execution, Failed

_MOST_DESCRIBED = 1024 * 1024


class KeptPolicies:
    """The policies that are kept in one installation."""

    def __init__(self, execution: Execution, writer: Writer) -> None:
        self._execution = execution
        self._writer = writer

    async def answer(self, call: Call, here: PolicyOperation, resolved: tuple[Resolved, ...]) -> Answer:
        """Answer a request about the policy of a resource, if the upstream has the resource."""
        arn, account = resolved[0].resource, resolved[0].account
        describe = operation(call.operation.service.name, here.kind.describe)
        response = await call.send(describe, here.kind.asked(arn), account)
        if response.status >= FIRST_ERROR:
            return await handed_back(call, response)
        described = members_of(await response.whole(_MOST_DESCRIBED))
        if here.act in (Act.PUT, Act.DELETE):
            return await self._change(call, here, resolved, described)
        policy = shown_policy(self._execution.directory.snapshot, arn, account)
        if policy is None and here.kind.missing:
            raise WireError(here.kind.missing, f"{arn} has no resource-based policy.", call.operation)
        answer = here.answer(Told(arn=arn, described=described, policy=policy, given=call.given))
        event = success_event(call.parsed, {}, tuple(call.decided))
        return audited(call.operation, call.parsed, written(call, answer), event, tuple(call.decided))

    async def _change(
        self, call: Call, here: PolicyOperation, resolved: tuple[Resolved, ...], described: Mapping[str, Any]
    ) -> Answer:
        arn, account = resolved[0].resource, resolved[0].account
        policy = here.policy(call.given) or None
        if policy is not None:
            await _parse_before(call, here, policy)
        elif here.act is Act.PUT and not here.kind.takes_away:
            raise WireError(here.kind.malformed, "The policy is empty.", call.operation)
        told = Told(arn=arn, described=described, policy=policy, given=call.given)
        outcome = await self._writer.write(
            PolicyChange(
                execution=self._execution,
                parsed=call.parsed,
                checks=resolved,
                arn=arn,
                account=account,
                policy=policy,
                keeps_caller=here.kind.keeps_caller and not call.given.get("BypassPolicyLockoutSafetyCheck"),
                answer=here.answer(told),
                finish=call.decided_again,
            )
        )
        if isinstance(outcome, Failed):
            if isinstance(outcome.problem, Malformed):
                raise WireError(here.kind.malformed, outcome.problem.message, call.operation)
            raise outcome.problem
        return audited(call.operation, call.parsed, written(call, outcome.answer), outcome.event, outcome.decided)


async def _parse_before(call: Call, here: PolicyOperation, policy: str) -> None:
    """Parse a policy before the lock of the writers, which finds it parsed. Raises WireError."""
    if len(policy.encode("utf-8", "replace")) > here.kind.most:
        raise WireError(here.kind.malformed, f"The policy is longer than {here.kind.most} bytes.", call.operation)
    partition = call.caller.principal.arn.split(":", 2)[1]
    try:
        await asyncio.to_thread(parse_once, policy, Grammar.RESOURCE, partition)
    except Malformed as problem:
        raise WireError(here.kind.malformed, problem.message, call.operation) from None
