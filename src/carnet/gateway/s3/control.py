"""What keeps the buckets of an account from being public: of Amazon S3's control API, what is answered here.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html

SDKs sign these requests for `s3` and put the account in front of the host: `123456789012.carnet.example`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from typing import Any, cast

from botocore.model import StructureShape
from msgspec import structs

from carnet.access.authorize import Decided
from carnet.access.denial import denial_sentence
from carnet.audit.events import failure_event, success_event, tell_untold
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed, Step, account_of, arrived_of
from carnet.base.http import ByteStream, HttpResponse, RequestHead
from carnet.directory.snapshot import Snapshot
from carnet.entities.public_access_block import AccountPublicAccess, PublicAccessBlock
from carnet.gateway.answers import recorded_first
from carnet.gateway.bucket_change import decided_again
from carnet.gateway.bucket_operations import no_block, read_block, shown_block
from carnet.gateway.check import Check
from carnet.gateway.deciding import Resolved, decide
from carnet.gateway.payload import expected_body
from carnet.gateway.s3.answers import as_fault
from carnet.gateway.s3.arriving import as_request
from carnet.gateway.s3.bodies import whole_body
from carnet.gateway.s3.faults import DENIED, STATUS, XML, S3Fault, ids, not_implemented
from carnet.gateway.s3.parts import StreamingParts, signed_by
from carnet.identity.caller import Verified
from carnet.models import Operation, Service
from carnet.models.load import full_description
from carnet.protocols.unoffered import S3_CONTROL
from carnet.protocols.unreadable import Unreadable
from carnet.protocols.xml_shapes import escape, xml_members
from carnet.protocols.xml_values import xml_document
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.signed_callers import SignedCallers
from carnet.server.throttle import Throttled
from carnet.services.execution import Done, Execution
from carnet.sigv4.presented import ALGORITHM
from carnet.sigv4.query_form import has_query_form
from carnet.store.faults import Lost
from carnet.store.unit_of_work import UnitOfWork

_PATH = f"{S3_CONTROL}configuration/publicAccessBlock"
_ROOT, _NAMESPACE = "PublicAccessBlockConfiguration", "http://awss3control.amazonaws.com/doc/2018-08-20/"
_ACCOUNT = "x-amz-account-id"
_OPERATIONS = {
    "DELETE": ("DeletePublicAccessBlock", "s3:PutAccountPublicAccessBlock"),
    "GET": ("GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
    "PUT": ("PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock"),
}
"""By method: the operation, and the permission that it needs."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@cache
def _service() -> Service:
    return Service.of("s3control", full_description("s3control"))


class S3Control:
    """The control API of one installation."""

    def __init__(self, execution: Execution, signed: SignedCallers, parts: StreamingParts) -> None:
        self._execution = execution
        self._signed = signed
        self._parts = parts
        self._long = LongPolicies(execution, parts.pools)

    def takes(self, head: RequestHead) -> bool:
        """Whether a request is for the control API, and somebody has signed it."""
        if not head.path.startswith(S3_CONTROL) or _ACCOUNT not in head.first or has_query_form(head.query):
            return False
        return head.first.get("authorization", "").startswith(ALGORITHM)

    async def answer(self, head: RequestHead, body: ByteStream) -> Answer:
        """Answer one request, with one audit event."""
        request_id, event_id = self._parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._parts.clock(), http=as_request(head))
        step: Step = arrived
        decided: list[Decided] = []
        try:
            if self._execution.directory.lost:
                raise Lost
            signed = signed_by(self._execution, self._signed, arrived)
            operation, action = _asked(head)
            step = Routed(
                arrived=arrived,
                operation=operation,
                event_source=operation.service.event_source,
                read_only=head.method == "GET",
            )
            step = authenticated = Authenticated(routed=step, caller=signed.caller)
            self._execution.note_use(signed.caller, arrived.time)
            expected = expected_body(head, signed.payload, signed.chunks, checksums=True)
            read = await whole_body(body, expected, self._parts.bodies, proven=True)
            parsed = step = Parsed(authenticated=authenticated, given={})
            checks = await self._allowed(head, signed.caller, arrived, action, decided)
            done = await self._done(parsed, head.method, checks, tuple(decided), read)
        except Exception as problem:
            return _refused(step, problem, tuple(decided))
        unaudited = partial(_unaudited, request_id)
        answer = recorded_first(step, _written(request_id, done.answer), done.event, done.decided, unaudited)
        return structs.replace(answer, event=b"") if done.recorded else answer

    async def _allowed(
        self, head: RequestHead, caller: Verified, arrived: Arrived, action: str, decided: list[Decided]
    ) -> tuple[Resolved, ...]:
        """Raises S3Fault. The switches of another account are nobody's to see."""
        account = caller.principal.account
        if head.first[_ACCOUNT] != account:
            raise S3Fault(DENIED, "Access Denied")
        checks = (Resolved(Check(action=action, resource="*", account=account), "*", account),)
        snapshot = self._execution.directory.snapshot
        made = partial(decide, self._execution, snapshot, caller, arrived, checks)
        decided += await self._long.decided(made, caller, head.peer)
        if not decided[-1].decision.allowed:
            raise S3Fault(DENIED, denial_sentence(decided[-1]))
        return checks

    async def _done(
        self, parsed: Parsed, method: str, checks: tuple[Resolved, ...], decided: tuple[Decided, ...], body: bytes
    ) -> Done:
        account = checks[0].account
        if method == "GET":
            found = _switches(self._execution.directory.snapshot, account)
            if found is None:
                raise no_block()
            return Done(
                answer={_ROOT: shown_block(found.block)}, event=success_event(parsed, {}, decided), decided=decided
            )
        block = _read(body) if method == "PUT" else None
        change = _SetSwitches(execution=self._execution, parsed=parsed, checks=checks, account=account, block=block)
        return await self._parts.writer.make(change, account)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SetSwitches:
    """The switches of an account are set or taken away: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    checks: tuple[Resolved, ...]
    account: str
    block: PublicAccessBlock | None

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make it. Raises Denied."""
        decided = decided_again(self.execution, snapshot, self.parsed, self.checks)
        known = _switches(snapshot, self.account)
        if self.block is not None:
            put = AccountPublicAccess(account=self.account, block=self.block)
            if known is None:
                unit.add(put)
            elif known != put:
                unit.save(put)
        elif known is not None:
            unit.remove(known)
        return Done(answer={}, event=success_event(self.parsed, {}, decided), decided=decided)


def _switches(snapshot: Snapshot, account: str) -> AccountPublicAccess | None:
    return snapshot.accounts[account].of(AccountPublicAccess).get(account)


def _asked(head: RequestHead) -> tuple[Operation, str]:
    """Raises S3Fault for what is not answered here."""
    found = _OPERATIONS.get(head.method)
    if found is None or head.path != _PATH or head.query:
        raise not_implemented("of Amazon S3's control API, the public access block of accounts alone is answered here")
    name, action = found
    return _service().operations[name], action


def _read(body: bytes) -> PublicAccessBlock:
    shape = _service().operations["PutPublicAccessBlock"].input
    assert shape is not None, "it has switches"
    try:
        given = xml_document(cast("StructureShape", shape.members[_ROOT]), _ROOT, _NAMESPACE)(body)
    except Unreadable as reason:
        raise S3Fault("MalformedXML", f"{reason}.") from None
    return read_block(given)


def _written(request_id: str, answer: Mapping[str, Any]) -> HttpResponse:
    if not answer:
        return HttpResponse(status=HTTPStatus.OK, headers=ids(request_id), body=b"")
    shape = _service().operations["GetPublicAccessBlock"].output
    assert shape is not None, "it has switches"
    members = xml_members(cast("StructureShape", shape.members[_ROOT]))(answer[_ROOT])
    text = f'{_DECLARATION}<{_ROOT} xmlns="{_NAMESPACE}">{members}</{_ROOT}>'
    return HttpResponse(status=HTTPStatus.OK, headers=(*ids(request_id), ("content-type", XML)), body=text.encode())


def _refused(step: Step, problem: Exception, decided: tuple[Decided, ...]) -> Answer:
    arrived = arrived_of(step)
    fault = as_fault(problem, arrived.request_id)
    response = _error(fault.code, fault.message, arrived.request_id)
    pause = problem.pause if isinstance(problem, Throttled) else 0.0
    if isinstance(problem, Throttled) and problem.untold is None:
        return Answer(response=response, account=account_of(step), pause=pause)
    event = failure_event(step, fault.code, fault.message, decided)
    if isinstance(problem, Throttled) and problem.untold:
        tell_untold(event, problem.untold)
    return recorded_first(step, response, event, decided, partial(_unaudited, arrived.request_id), pause)


def _error(code: str, message: str, request_id: str) -> HttpResponse:
    text = (
        f"{_DECLARATION}<ErrorResponse><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></ErrorResponse>"
    )
    headers = (*ids(request_id), ("content-type", XML))
    return HttpResponse(status=STATUS.get(code, 400), headers=headers, body=text.encode("utf-8", "replace"))


def _unaudited(request_id: str, why: str) -> HttpResponse:
    return _error("ServiceUnavailable", why, request_id)
