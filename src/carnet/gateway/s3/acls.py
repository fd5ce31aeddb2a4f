"""Reads, sets and applies the ACLs of objects, once the upstream has said which object it has.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from carnet.audit.events import success_event
from carnet.audit.steps import Parsed
from carnet.entities.bucket import ObjectOwnership
from carnet.gateway.buckets.acl import shown_acl
from carnet.gateway.buckets.bucket_operations import no_acls
from carnet.gateway.buckets.object_acl_change import ObjectAcls, SetAcl
from carnet.gateway.buckets.object_acls import Headers, Told, by_default, exact, in_force, told_by, with_acl
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.checks.services.s3_names import bucket_arn
from carnet.gateway.s3.answers import audited
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.deciding import allowed_by, is_by_acl, refuse_unless_listed
from carnet.gateway.s3.events import told
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.kept import recorded, written
from carnet.gateway.s3_sentences import METHOD_NOT_ALLOWED
from carnet.gateway.upstreams.customer_keys import CUSTOMER_KEY
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.server.outbox import Answer
from carnet.services.execution import Execution

ANSWERED = frozenset(("GetObjectAcl", "PutObjectAcl"))
_READS = frozenset(("GetObject", "HeadObject"))
_NO_OBJECT = frozenset((HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE))
"""Answers that do not tell the ETag of the object."""
_NAMING = ("Bucket", "Key", "VersionId", *CUSTOMER_KEY)
_ATTRIBUTES = "GetObjectAttributes"


async def answered(call: S3Call, acls: ObjectAcls) -> Answer:
    """GetObjectAcl and PutObjectAcl. Raises S3Fault, Refused, Denied, LookupFailed, and as `S3Call.ask`."""
    bucket = owned_bucket(acls.snapshot, call.object)
    shows = call.operation.name == "GetObjectAcl"
    if not shows and bucket.ownership is ObjectOwnership.ENFORCED:
        raise no_acls()
    headers = await _head_object(acls.execution, call)
    await refuse_unless_granted(acls.execution, call, headers)
    which = told_by(headers)
    parsed = Parsed(authenticated=call.step, given={})
    tell = partial(told, call=call, headers=headers, sent=None)
    if shows:
        kept = exact(in_force(acls.snapshot, call.object), which)
        owned = by_default(bucket) if kept is None else kept
        shown = shown_acl(owned.acl, owned.owner)
        answer = written(call.operation, shown, call.arrived.request_id)
        return audited(call, answer, tell(success_event(parsed, {}, call.decided)))
    done = await acls.change(
        SetAcl(
            execution=acls.execution,
            parsed=parsed,
            checks=call.needs,
            members=call.given,
            told=_whole(which),
            tell=tell,
        )
    )
    return recorded(call, written(call.operation, {}, call.arrived.request_id), done)


def _whole(which: Told) -> Told:
    if not which.etag:
        raise LookupFailed("the upstream does not tell the ETag of the object")
    return which


async def _head_object(execution: Execution, call: S3Call) -> Headers:
    """The headers of the object whose ACL is requested. Raises S3Fault if it is not there."""
    response = await _ask_head(call)
    if response.status == HTTPStatus.NOT_FOUND:
        bucket = bucket_arn(call.scope.partition, call.route.path.bucket or "")
        await refuse_unless_listed(execution, call, bucket, call.point)
        code = "NoSuchVersion" if "VersionId" in call.given else "NoSuchKey"
        raise S3Fault(code, f"The specified {'version' if 'VersionId' in call.given else 'key'} does not exist.")
    if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
        raise S3Fault("MethodNotAllowed", METHOD_NOT_ALLOWED)
    if response.status != HTTPStatus.OK:
        raise LookupFailed("the upstream does not tell which object it has")
    return response.headers


async def refuse_unless_read(execution: Execution, call: S3Call, response: UpstreamResponse) -> None:
    """Raises S3Fault if the object that an answer is of is none that the caller may read.

    INVARIANT: nothing of the answer is passed on before.
    """
    if response.status == HTTPStatus.NOT_FOUND:
        return
    if call.operation.name == _ATTRIBUTES and in_force(execution.directory.snapshot, call.object):
        await refuse_unless_granted(execution, call, await _told_head(call))
    if call.operation.name not in _READS:
        return
    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        headers = response.headers
        if response.status in _NO_OBJECT and any(one.acl is not None for one in call.needs):
            headers = await _headers_of(call) or headers
        await refuse_unless_granted(execution, call, headers)


async def _headers_of(call: S3Call) -> Headers:
    """The headers of the requested object, which an answer without its content lacks; none if it does not exist."""
    response = await _ask_head(call)
    return response.headers if response.status == HTTPStatus.OK else ()


async def _told_head(call: S3Call) -> Headers:
    """The headers of an object whose attributes were requested, which that answer lacks. Raises LookupFailed."""
    response = await _ask_head(call)
    if response.status != HTTPStatus.OK:
        raise LookupFailed("the upstream does not tell which object it has")
    return response.headers


async def _ask_head(call: S3Call) -> UpstreamResponse:
    given: Mapping[str, Any] = {name: call.given[name] for name in _NAMING if name in call.given}
    response = await call.ask("HeadObject", given, call.owner)
    await response.aclose()
    return response


async def refuse_unless_granted(execution: Execution, call: S3Call, headers: Headers) -> None:
    """Decide again by the ACL of the object that the upstream tells, if it was decided by another."""
    snapshot, again = execution.directory.snapshot, []
    for one in call.needs:
        if is_by_acl(call, one):
            known = exact(in_force(snapshot, one.resource), told_by(headers))
            if known != one.acl:
                again.append(with_acl(one, known, owned_bucket(snapshot, one.resource)))
    if again:
        await allowed_by(execution, call, again)
