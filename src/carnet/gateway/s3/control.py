"""Requests to Amazon S3's control API, which is answered here: access points, and the public access block of accounts.

SDKs sign these requests for `s3` and put the account in front of the host: `123456789012.carnet.example`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import structs

from carnet.access.authorize import Decided
from carnet.access.denial import denial_sentence
from carnet.audit.events import Event, failure_event, success_event, tell_untold
from carnet.audit.redaction import bounded
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed, Step, account_of, arrived_of
from carnet.base.http import ByteStream, HttpResponse, RequestHead
from carnet.directory.snapshot import Snapshot
from carnet.gateway.answers import recorded_first
from carnet.gateway.buckets.bucket_change import decided_again
from carnet.gateway.buckets.bucket_policy_text import read_access_point_policy
from carnet.gateway.buckets.bucket_tags import tagged
from carnet.gateway.checks.check import Check, Scope
from carnet.gateway.deciding import Resolved, decide
from carnet.gateway.payload import expected_body
from carnet.gateway.s3.access_point_operations import ACCESS_POINTS
from carnet.gateway.s3.access_point_policy_operations import POLICIES
from carnet.gateway.s3.account_block import ACCOUNT_BLOCK
from carnet.gateway.s3.answers import as_fault
from carnet.gateway.s3.arriving import as_request, request_keys
from carnet.gateway.s3.bodies import whole_body
from carnet.gateway.s3.control_call import Asked, Edit, Rule
from carnet.gateway.s3.control_tags import TAGS
from carnet.gateway.s3.control_wire import error, read, routes, wanted, written
from carnet.gateway.s3.faults import DENIED, S3Fault
from carnet.gateway.s3.parts import StreamingParts, signed_by
from carnet.identity.caller import Verified
from carnet.protocols.unoffered import S3_CONTROL
from carnet.server.fairness.throttle import Throttled
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.signed_callers import SignedCallers
from carnet.services.execution import Done, Execution
from carnet.sigv4.presented import ALGORITHM
from carnet.sigv4.query_form import has_query_form
from carnet.store.faults import Lost
from carnet.store.unit_of_work import UnitOfWork

_ACCOUNT = "x-amz-account-id"
_RULES: Mapping[str, Rule] = {**ACCESS_POINTS, **ACCOUNT_BLOCK, **POLICIES, **TAGS}
_TOLD = ("AccountId", "Bucket", "BucketAccountId", "Name", "ResourceArn", "VpcConfiguration")
"""Members that events have."""


class S3Control:
    """The control API of one installation."""

    def __init__(self, execution: Execution, signed: SignedCallers, parts: StreamingParts) -> None:
        self._execution = execution
        self._signed = signed
        self._parts = parts
        self._long = LongPolicies(execution, parts.pools)

    def takes(self, head: RequestHead) -> bool:
        """Whether a request is for the control API, and signed."""
        if not head.path.startswith(S3_CONTROL) or _ACCOUNT not in head.first or has_query_form(head.query):
            return False
        return head.first.get("authorization", "").startswith(ALGORITHM)

    async def answer(self, head: RequestHead, body: ByteStream) -> Answer:
        """Answer one request, with one audit event."""
        request_id, event_id = self._parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._parts.clock(), http=as_request(head))
        step: Step = arrived
        decided: list[Decided] = []
        given: Mapping[str, Any] = {}
        try:
            if self._execution.directory.lost:
                raise Lost
            signed = signed_by(self._execution, self._signed, arrived)
            asked_for = wanted(head, routes(tuple(_RULES)))
            operation = asked_for.operation
            step = Routed(
                arrived=arrived,
                operation=operation,
                event_source=operation.service.event_source,
                read_only=head.method == "GET",
            )
            step = authenticated = Authenticated(routed=step, caller=signed.caller)
            self._execution.note_use(signed.caller, arrived.time)
            expected = expected_body(head, signed.payload, signed.chunks, checksums=True)
            whole = await whole_body(body, expected, self._parts.bodies, proven=True)
            given = read(asked_for, head, whole)
            parsed = step = Parsed(authenticated=authenticated, given={})
            asked = self._read_request(head, signed.caller, arrived, given)
            done = await self._carry_out(parsed, asked, await self._authorize(parsed, asked, decided), decided)
        except Exception as problem:
            return _answer_problem(step, problem, tuple(decided), given)
        unaudited = partial(_audit_unavailable, request_id)
        response = written(operation, done.answer, request_id)
        answer = recorded_first(step, response, done.event, done.decided, unaudited)
        return structs.replace(answer, event=b"") if done.recorded else answer

    def _read_request(self, head: RequestHead, caller: Verified, arrived: Arrived, given: Mapping[str, Any]) -> Asked:
        """The request. Raises S3Fault. Nobody sees resources of another account."""
        snapshot, account = self._execution.directory.snapshot, caller.principal.account
        if given["AccountId"] != account:
            raise S3Fault(DENIED, "Access Denied")
        partition = snapshot.accounts[account].account.partition
        return Asked(
            snapshot=snapshot,
            members=given,
            scope=Scope(partition=partition, region=caller.region, account=account),
            principal=caller.principal,
            now=arrived.time,
            keys=request_keys(head, caller, arrived.time),
            drawn=self._parts.ids.access_point(),
        )

    async def _authorize(self, parsed: Parsed, asked: Asked, decided: list[Decided]) -> tuple[Resolved, ...]:
        """Raises S3Fault."""
        caller, arrived = parsed.authenticated.caller, parsed.authenticated.routed.arrived
        assert isinstance(caller, Verified), "nobody in particular asks for nothing here"
        checks = tuple(_resolve(asked.snapshot, check) for check in _rule(parsed).checks(asked))
        made = partial(decide, self._execution, asked.snapshot, caller, arrived, checks)
        decided += await self._long.decided(made, caller, arrived.http.peer)
        if not decided[-1].decision.allowed:
            raise S3Fault(DENIED, denial_sentence(decided[-1]))
        return checks

    async def _carry_out(
        self, parsed: Parsed, asked: Asked, checks: tuple[Resolved, ...], decided: list[Decided]
    ) -> Done:
        rule, made = _rule(parsed), tuple(decided)
        if rule.read is not None:
            answer = rule.read(asked)
            return Done(
                answer=answer, event=_with_resources(success_event(parsed, {}, made), asked.members), decided=made
            )
        if "Policy" in asked.members:
            await asyncio.to_thread(
                read_access_point_policy, asked.members["Policy"], asked.scope.partition, checks[0].resource
            )
        change = _Change(execution=self._execution, parsed=parsed, asked=asked)
        return await self._parts.writer.make(change, asked.scope.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A change of what is kept here: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    asked: Asked

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make it. Raises Refused, Denied, S3Fault."""
        rule, asked = _rule(self.parsed), structs.replace(self.asked, snapshot=snapshot)
        assert rule.write is not None, "what only reads is no change"
        checks = tuple(_resolve(snapshot, check) for check in rule.checks(asked))
        decided = decided_again(self.execution, snapshot, self.parsed, checks)
        edit = rule.write(asked)
        _save_edit(unit, edit)
        event = _with_resources(success_event(self.parsed, {}, decided), asked.members)
        event["responseElements"] = dict(edit.answer) or None
        return Done(answer=edit.answer, event=event, decided=decided)


def _save_edit(unit: UnitOfWork, edit: Edit) -> None:
    if edit.after is None:
        if edit.before is not None:
            unit.remove(edit.before)
    elif edit.before is None:
        unit.add(edit.after)
    elif edit.before != edit.after:
        unit.save(edit.after)


def _rule(parsed: Parsed) -> Rule:
    return _RULES[parsed.authenticated.routed.operation.name]


def _resolve(snapshot: Snapshot, check: Check) -> Resolved:
    assert isinstance(check.resource, str), "buckets and access points are named by their ARNs"
    assert check.account is not None, "what an account asks for here is its own"
    return tagged(snapshot, Resolved(check, check.resource, check.account))


def _answer_problem(step: Step, problem: Exception, decided: tuple[Decided, ...], given: Mapping[str, Any]) -> Answer:
    arrived = arrived_of(step)
    fault = as_fault(problem, arrived.request_id)
    response = error(fault.code, fault.message, arrived.request_id, fault.members)
    pause = problem.pause if isinstance(problem, Throttled) else 0.0
    if isinstance(problem, Throttled) and problem.untold is None:
        return Answer(response=response, account=account_of(step), pause=pause)
    event = _with_resources(failure_event(step, fault.code, fault.message, decided), given)
    if isinstance(problem, Throttled) and problem.untold:
        tell_untold(event, problem.untold)
    return recorded_first(step, response, event, decided, partial(_audit_unavailable, arrived.request_id), pause)


def _with_resources(event: Event, given: Mapping[str, Any]) -> Event:
    """The event, with what it is about."""
    about = {name: given[name] for name in _TOLD if name in given}
    event["requestParameters"] = bounded(about, "requestParameters")
    return event


def _audit_unavailable(request_id: str, why: str) -> HttpResponse:
    return error("ServiceUnavailable", why, request_id)
