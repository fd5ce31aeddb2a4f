"""Sends a request to Amazon S3 on, as it was decided, and hands the answer back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from carnet.gateway.buckets.object_acl_change import ObjectAcls
from carnet.gateway.checks.services.s3_names import bucket_arn
from carnet.gateway.s3.acls import refuse_unless_read
from carnet.gateway.s3.answers import relayed
from carnet.gateway.s3.bodies import Upload
from carnet.gateway.s3.call import COPIES, S3Call
from carnet.gateway.s3.copying import with_decided_source
from carnet.gateway.s3.deciding import refuse_unless_listed
from carnet.gateway.s3.encryption import refuse_without_key
from carnet.gateway.s3.made_objects import new_object, settled
from carnet.gateway.s3.own import without_acl
from carnet.gateway.s3.tags import refuse_another
from carnet.gateway.upstreams.exchange import Content
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.models import Operation
from carnet.server.outbox import Answer

_COMPARED_HERE = frozenset(
    (
        *("content-length", "x-amz-expected-bucket-owner", "x-amz-sdk-checksum-algorithm"),
        "x-amz-source-expected-bucket-owner",
    )
)
"""Headers that say what was looked at here, or what the connection says itself."""
_OF_OLD_BODY = frozenset(("content-md5",))
"""What is said of a body that is written anew."""
_CHECKED_BY = "ChecksumAlgorithm"
_CHUNKED = "aws-chunked"
_READS = frozenset(("GetObject", "HeadObject"))


async def sent_on(acls: ObjectAcls, call: S3Call) -> Answer:
    """Raises UpstreamFailed, PayloadRefused and RequestRefused; S3Fault for what the caller may not be told; as
    `made_objects.settled`.
    """
    execution, made = acls.execution, None
    given: Mapping[str, Any] = {**sent_members(call), **call.by_default}
    if call.route.path.key is not None:
        made, given = new_object(acls, call), without_acl(given)
    if call.operation.name in COPIES:
        given = await with_decided_source(execution, call, given)
    response = await (call.send(given) if call.upload is None else _with_content(call, call.upload, given))
    try:
        if response.status == HTTPStatus.NOT_FOUND and call.route.path.key is not None:
            await refuse_unless_listed(execution, call, _arn(call), call.point)
        await refuse_unless_read(execution, call, response)
        if call.operation.name in _READS and response.status < HTTPStatus.MULTIPLE_CHOICES:
            refuse_another(call, call.object, response.headers)
        await refuse_without_key(execution, call, response)
        return await (relayed(call, response) if call.route.path.key is None else settled(acls, call, response, made))
    except BaseException:
        await response.aclose()
        raise


async def _with_content(call: S3Call, upload: Upload, given: Mapping[str, Any]) -> UpstreamResponse:
    """INVARIANT: an upstream that keeps what it has got of a cut body gets none before all of it proved right."""
    if call.exchange.settings.profile.drops_cut_bodies:
        return await call.send(given, content=Content(body=upload.content, length=upload.length))
    spooled = await call.spool.take(upload)
    try:
        return await call.send(given, content=Content(body=spooled, length=upload.length))
    finally:
        await spooled.aclose()


def _arn(call: S3Call) -> str:
    assert call.bucket is not None, "an object is in a bucket"
    return bucket_arn(call.scope.partition, call.bucket)


def sent_members(call: S3Call) -> Mapping[str, Any]:
    """The members that the upstream is told.

    The algorithm is sent with the checksum of a body, which stores require for an object that is to be locked, and
    not without it: a checksum in a trailer is not sent on.
    """
    kept = {name: value for name, value in call.given.items() if name not in _left_out(call.operation)}
    algorithm = call.given.get(_CHECKED_BY)
    if f"Checksum{algorithm}" in kept:
        kept[_CHECKED_BY] = algorithm
    encoding = kept.pop("ContentEncoding", None)
    if encoding is not None:
        codings = [coding for coding in map(str.strip, encoding.split(",")) if coding.lower() != _CHUNKED]
        kept |= {"ContentEncoding": ",".join(codings)} if codings else {}
    return kept


@cache
def _left_out(operation: Operation) -> frozenset[str]:
    """The members of an operation that are looked at here and go no further."""
    if operation.input is None:
        return frozenset()
    payload = operation.input.serialization.get("payload")
    is_content = payload is not None and operation.input.members[payload].type_name == "blob"
    headers = _COMPARED_HERE if is_content else _COMPARED_HERE | _OF_OLD_BODY
    return frozenset(
        name
        for name, member in operation.input.members.items()
        if member.serialization.get("location") == "header" and str(member.serialization["name"]).lower() in headers
    )
