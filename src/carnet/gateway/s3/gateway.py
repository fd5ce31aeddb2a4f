"""Requests to Amazon S3: the steps of each, in order.

A request is routed and authenticated, read except for an object's content, mapped to the permissions that it needs,
decided, rebuilt and sent to the upstream, and the answer is passed back. INVARIANT: no content is read before the whole
request is decided: a client that waits to be told to send it (`Expect: 100-continue`) sends nothing that is denied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from carnet.audit.steps import Arrived, Authenticated, Routed, Step, arrived_of, caller_of
from carnet.base.faults import Refused
from carnet.base.http import ByteStream, HttpRequest, RequestHead
from carnet.gateway.buckets.access_points import in_host, with_alias
from carnet.gateway.buckets.bucket_operations import OF_ENCRYPTION
from carnet.gateway.buckets.bucket_tags import READS_TAGS
from carnet.gateway.buckets.kept_buckets import ANSWERED_HERE, KeptBuckets
from carnet.gateway.buckets.object_acl_change import ObjectAcls
from carnet.gateway.buckets.owners import Buckets, bucket_of, owned_bucket
from carnet.gateway.checks.check import Scope
from carnet.gateway.deciding import Resolved
from carnet.gateway.payload import ExpectedBody, expected_body
from carnet.gateway.s3 import acls, answers, default_encryption, kept, making
from carnet.gateway.s3.aiming import aimed, refuse_form, with_aimed_source
from carnet.gateway.s3.arriving import (
    as_request,
    is_for_s3,
    is_signed,
    plain,
    refuse_other_buckets,
    request_keys,
    routed,
    s3_service,
    takes_content,
)
from carnet.gateway.s3.batch import deleted_together
from carnet.gateway.s3.bodies import Spool, Upload, whole_body
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.control import S3Control
from carnet.gateway.s3.deciding import allowed, needed
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.form import is_form, read_form
from carnet.gateway.s3.hosts import Label, in_path_style, label_of
from carnet.gateway.s3.notifications import refuse_undelivered
from carnet.gateway.s3.own import KEPT_HERE
from carnet.gateway.s3.parts import StreamingParts, signed_by
from carnet.gateway.s3.posting import Posted, as_post, posted, take_file
from carnet.gateway.s3.sending import sent_on
from carnet.gateway.s3.settling import Settling
from carnet.gateway.upstreams.exchange import Exchange
from carnet.gateway.upstreams.modes import naming
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import Anonymous, Verified
from carnet.protocols.s3_arguments import ArgumentRefused
from carnet.protocols.s3_input import read_input
from carnet.protocols.s3_routing import S3Route
from carnet.protocols.unreadable import Unreadable
from carnet.server.fairness.throttle import Throttled
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.signed_callers import SignedCallers
from carnet.services.execution import Execution
from carnet.sigv4.payload import UNSIGNED_PAYLOAD, PayloadRefused
from carnet.sigv4.verify import SignedHead
from carnet.store.faults import Lost

_S3 = "s3"
_OF_WHOLE_OBJECT = "CompleteMultipartUpload"
"""Whose checksum headers are not about its own body."""


class _RequestHead(NamedTuple):
    """A request as it is routed: in path style; for a POST of a form, the PutObject that the form stands for."""

    head: RequestHead
    label: Label | None
    """What its host names."""
    posted: Posted | None
    """The form."""
    is_signed: bool

    @property
    def fields(self) -> Mapping[str, str] | None:
        """The fields of a signed form."""
        return self.posted.form.fields if self.posted is not None and self.is_signed else None


class S3Gateway:
    """The frontend's `Streaming` for Amazon S3, in front of one upstream. The upstreams of other services are asked
    about keys."""

    def __init__(
        self, execution: Execution, signed: SignedCallers, exchanges: Mapping[str, Exchange], parts: StreamingParts
    ) -> None:
        """`exchanges` are those of all services, by botocore's names."""
        self._execution = execution
        self._signed = signed
        self._exchange = exchanges[_S3]
        self._exchanges = exchanges
        self._buckets = Buckets(execution, parts.writer, parts.new_buckets)
        self._kept = KeptBuckets(execution, parts.writer)
        self._acls = ObjectAcls(execution, parts.writer)
        self._control = S3Control(execution, signed, parts)
        self._settling: Settling | None = None
        self._parts = parts
        self._long = LongPolicies(execution, parts.pools)
        self._spool = Spool()
        self._under_way: asyncio.Task[None] | None = None
        """What settles buckets: the loop alone would not keep it."""

    def takes(self, head: RequestHead) -> bool:
        """Whether a request is for Amazon S3."""
        return self._control.takes(head) or is_for_s3(in_path_style(head, self._parts.domains), self._is_bucket)

    async def answer(self, head: RequestHead, body: ByteStream) -> Answer:
        """Answer one request, with one audit event."""
        if self._control.takes(head):
            return await self._control.answer(head, body)
        return naming(await self._respond(head, body), self._exchange.settings.mode)

    async def _respond(self, head: RequestHead, body: ByteStream) -> Answer:
        request_id, event_id = self._parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._parts.clock(), http=as_request(head))
        step: Step = arrived
        call: S3Call | None = None
        try:
            asked = await _read_head(head, body, self._parts.domains)
            route = routed(asked.head, literal_keys=self._exchange.settings.profile.literal_keys)
            step = routed_step = _routed_step(arrived, route, asked.head)
            if self._execution.directory.lost:
                raise Lost
            if not routed_step.read_only:
                self._parts.check_room()
            signed = signed_by(self._execution, self._signed, arrived, asked.fields) if asked.is_signed else None
            caller = signed.caller if signed is not None else Anonymous()
            step = authenticated = Authenticated(routed=routed_step, caller=caller)
            self._execution.note_use(caller, arrived.time)
            call = self._make_call(asked, route, authenticated, signed, body)
            if asked.posted is not None:
                refuse_form(call.point)
                return await self._answer_post(call, asked.posted, head)
            await self._read_body_and_input(call)
            await self._settle_bucket(call)
            return await self._decide_and_answer(call)
        except Exception as problem:
            return answers.refused(step, call, self._count_unproven(step, problem))

    def _make_call(
        self, asked: _RequestHead, route: S3Route, step: Authenticated, signed: SignedHead | None, body: ByteStream
    ) -> S3Call:
        """Raises S3Fault for an access point that is not there, PayloadRefused for what is said of the body."""
        caller = signed.caller if signed is not None else Anonymous()
        scope = self._scope_of(caller, route.path.bucket)
        route, point = aimed(self._execution.directory.snapshot, route, asked.label, scope)
        if point is not None and not asked.is_signed:
            scope = replace(scope, region=point.region)
        return S3Call(
            exchange=self._exchange,
            exchanges=self._exchanges,
            spool=self._spool,
            caller=caller,
            route=route,
            step=step,
            head=asked.head,
            body=body,
            expected=_expected_body(asked.head, signed, checksums=route.operation != _OF_WHOLE_OBJECT),
            scope=scope,
            keys=request_keys(asked.head, caller, step.routed.arrived.time, asked.fields),
            long_policies=self._long,
            point=point,
        )

    def _count_unproven(self, step: Step, problem: Exception) -> Exception:
        """The problem; or Throttled, if nobody has proven who calls and that was refused too often."""
        is_proven = isinstance(caller_of(step), Verified)
        is_counted = isinstance(problem, Throttled) or isinstance(problem.__cause__, AuthFailure)
        if is_proven or is_counted or not isinstance(problem, S3Fault | PayloadRefused | Refused):
            return problem
        try:
            self._signed.note_unproven(arrived_of(step))
        except Throttled as throttled:
            return throttled
        return problem

    async def _settle_bucket(self, call: S3Call) -> None:
        """Ask the upstream about a bucket whose claim is not confirmed yet. Raises as `Settling.met`."""
        if self._settling is None:
            self._settling = Settling(self._buckets, self._exchange, self._parts.clock)
            self._under_way = asyncio.create_task(self._settling.all())
        if call.bucket is not None:
            snapshot = self._execution.directory.snapshot
            await self._settling.met(bucket_of(snapshot, call.scope.partition, call.bucket))

    async def _answer_post(self, call: S3Call, asked: Posted, sent: RequestHead) -> Answer:
        """Answer a POST of a form, which is decided before its file is read."""
        lengths = asked.held(call.arrived.time)
        call.given = _read_members(call.route, as_request(call.head))
        await self._settle_bucket(call)
        await allowed(self._execution, call, await needed(self._execution, call, call.given))
        spooled = await take_file(call, asked, sent, lengths)
        try:
            return await as_post(call, asked, await sent_on(self._acls, call))
        finally:
            await spooled.aclose()

    async def _decide_and_answer(self, call: S3Call) -> Answer:
        """Decide the request, and answer it. Raises the exceptions that `answers.as_fault` knows."""
        if call.operation.name == "DeleteObjects":
            return await deleted_together(self._acls, call)
        resolved = await needed(self._execution, call, call.given)
        await allowed(self._execution, call, resolved)
        if call.operation.name == "ListBuckets":
            return kept.listed(call, self._kept)
        if call.operation.name in ANSWERED_HERE and not self._is_told_by_upstream(call, resolved[0]):
            return await kept.answered(call, self._kept, resolved)
        if call.operation.name in OF_ENCRYPTION:
            bucket = owned_bucket(self._execution.directory.snapshot, resolved[0].resource)
            return await default_encryption.answered(call, self._kept, bucket, resolved)
        if call.operation.name in acls.ANSWERED:
            return await acls.answered(call, self._acls)
        assert call.operation.name not in KEPT_HERE, "what is never sent on is answered here"
        await refuse_undelivered(self._execution, call)
        match call.operation.name:
            case "CreateBucket":
                return await making.made(call, self._buckets, resolved)
            case "DeleteBucket":
                return await making.deleted(self._acls, call, self._buckets)
            case "HeadBucket":
                bucket = owned_bucket(self._execution.directory.snapshot, resolved[0].resource)
                return answers.in_region(await sent_on(self._acls, call), bucket.region)
            case _:
                return await sent_on(self._acls, call)

    def _is_told_by_upstream(self, call: S3Call, on: Resolved) -> bool:
        """Whether a bucket's tags are asked for that were put before they were kept here."""
        snapshot = self._execution.directory.snapshot
        return call.operation.name == READS_TAGS and owned_bucket(snapshot, on.resource).tags is None

    async def _read_body_and_input(self, call: S3Call) -> None:
        """Read the input, except for an object's content. Raises S3Fault and PayloadRefused."""
        whole = b""
        if takes_content(call.operation):
            call.upload = Upload(call.body, call.expected)
        else:
            whole = await whole_body(call.body, call.expected, self._parts.bodies, proven=not call.is_anonymous)
        as_it_came = not whole and call.head.headers is call.arrived.http.headers
        given = _read_members(call.route, call.arrived.http if as_it_came else as_request(call.head, whole))
        call.given, call.of_source = with_aimed_source(self._execution.directory.snapshot, given, call.scope)

    def _scope_of(self, caller: Verified | Anonymous, named: str | None) -> Scope:
        """The account and Region of the caller; of an anonymous request, the Region of the bucket."""
        snapshot = self._execution.directory.snapshot
        if isinstance(caller, Verified):
            account = snapshot.accounts[caller.principal.account].account
            return Scope(partition=account.partition, region=caller.region, account=account.id)
        bucket = bucket_of(snapshot, self._parts.partition, named) if named is not None else None
        return Scope(partition=self._parts.partition, region=bucket.region if bucket is not None else "", account="")

    def _is_bucket(self, name: str) -> bool:
        snapshot = self._execution.directory.snapshot
        if bucket_of(snapshot, self._parts.partition, name) is not None:
            return True
        return with_alias(snapshot, name) is not None or in_host(snapshot, name, "") is not None


async def _read_head(head: RequestHead, body: ByteStream, domains: tuple[str, ...]) -> _RequestHead:
    """Raises S3Fault."""
    refuse_other_buckets(head)
    label, head = label_of(head, domains), in_path_style(head, domains)
    if not is_form(head):
        return _RequestHead(plain(head), label, None, is_signed(head))
    form = posted(head, await read_form(head, body), by_somebody=is_signed(head))
    return _RequestHead(plain(form.head), label, form, form.is_signed)


def _routed_step(arrived: Arrived, route: S3Route, head: RequestHead) -> Routed:
    operation = s3_service().operations[route.operation]
    return Routed(
        arrived=arrived,
        operation=operation,
        event_source=operation.service.event_source,
        read_only=head.method in ("GET", "HEAD"),
    )


def _read_members(route: S3Route, request: HttpRequest) -> dict[str, Any]:
    """The input of a request. Raises S3Fault."""
    try:
        return read_input(route, request)
    except ArgumentRefused as reason:
        raise S3Fault("InvalidArgument", str(reason), reason.members) from None
    except Unreadable as reason:
        raise S3Fault("MalformedXML" if request.body else "InvalidRequest", f"{reason}.") from None


def _expected_body(head: RequestHead, signed: SignedHead | None, *, checksums: bool) -> ExpectedBody:
    """What the head says of the body. Raises PayloadRefused."""
    if signed is not None:
        return expected_body(head, signed.payload, signed.chunks, checksums=checksums)
    declared = head.header("x-amz-content-sha256") or UNSIGNED_PAYLOAD
    return expected_body(head, declared, None, checksums=checksums)
