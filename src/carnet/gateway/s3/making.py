"""Creates and deletes buckets, at the upstream and in the record of their owners.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from carnet.audit.steps import Parsed
from carnet.base.http import HttpResponse
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import AccessPoint
from carnet.entities.bucket import Bucket
from carnet.gateway.answers import FIRST_ERROR, MOST_WHOLE
from carnet.gateway.buckets.bucket_change import AlreadyMade
from carnet.gateway.buckets.new_bucket import sent_on
from carnet.gateway.buckets.object_acl_change import ObjectAcls
from carnet.gateway.buckets.owners import Buckets, bucket_of
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3.answers import answered_headers, audited, relayed
from carnet.gateway.s3.arriving import SIGNING_NAME
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.events import done_event, told
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.kept import recorded
from carnet.gateway.s3.presence import is_there
from carnet.gateway.s3.sending import sent_members
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import AnotherAccount, NotListed
from carnet.server.outbox import Answer

_ATTACHED = "The bucket you tried to delete has access points attached. Delete your access points and then try again."
_FIRST_REDIRECT, _FIRST_FAILURE = 300, 500


async def made(call: S3Call, buckets: Buckets, resolved: tuple[Resolved, ...]) -> Answer:
    """CreateBucket. Raises Refused, Denied, UpstreamFailed, AnotherAccount, S3Fault.

    In us-east-1 an owner may create a bucket again, in a request that asks for nothing else.

    INVARIANT: a bucket that the upstream had before belongs to nobody until an operator adopts it: a store that
    answers 200 for an existing bucket would give its content to any caller who names it.
    """
    parsed = Parsed(authenticated=call.step, given={})
    try:
        claimed = await buckets.claim(parsed, call.given, resolved, call.scope, call.exchange.settings.name)
    except AlreadyMade:
        if sent_on(call.given).keys() != {"Bucket"}:
            raise
        headers = (*answered_headers(call, ()), ("location", f"/{call.bucket}"))
        return audited(
            call, HttpResponse(status=HTTPStatus.OK, headers=headers, body=b""), done_event(call, (), sent=0)
        )
    try:
        response = await call.ask("HeadBucket", {"Bucket": claimed.name}, claimed.account)
        if await is_there(response, call.exchange.settings):
            raise S3Fault("BucketAlreadyExists", "The requested bucket name is not available. It is there already.")
        response = await call.send(sent_on(call.given))
    except UpstreamFailed as problem:
        if not problem.sent:
            await buckets.release(claimed, call.arrived.time)
        raise
    except (AnotherAccount, NotListed, S3Fault):
        await buckets.release(claimed, call.arrived.time)
        raise
    if response.status >= FIRST_ERROR:
        if response.status < _FIRST_FAILURE:  # else nobody knows whether it was made
            await buckets.release(claimed, call.arrived.time)
        return await relayed(call, response)
    body = await response.whole(MOST_WHOLE)
    done = await buckets.confirm(
        parsed, claimed, tuple(call.decided), {}, partial(told, call=call, headers=response.headers, sent=len(body))
    )
    answer = HttpResponse(status=response.status, headers=answered_headers(call, response.headers), body=body)
    return recorded(call, answer, done)


async def deleted(acls: ObjectAcls, call: S3Call, buckets: Buckets) -> Answer:
    """DeleteBucket. Raises UpstreamFailed, Unavailable, S3Fault.

    INVARIANT: permission to delete a bucket deletes no objects: some stores would delete all that is in it.
    """
    assert call.bucket is not None, "a bucket is named"
    bucket = bucket_of(acls.snapshot, call.scope.partition, call.bucket)
    if bucket is not None and _has_access_points(acls.snapshot, bucket):
        raise S3Fault("BucketHasAccessPointsAttached", _ATTACHED)
    if await _holds_something(call):
        raise S3Fault("BucketNotEmpty", "The bucket you tried to delete is not empty")
    response = await call.send(sent_members(call))
    if bucket is not None and (response.status < _FIRST_REDIRECT or response.status == HTTPStatus.NOT_FOUND):
        await acls.forget_bucket(bucket.arn, call.arrived.time)
        await buckets.forget(bucket, call.arrived.time)
    return await relayed(call, response)


def _has_access_points(snapshot: Snapshot, bucket: Bucket) -> bool:
    """Whether the bucket's account has access points on it. Those of other accounts do not prevent its deletion, and
    lead nowhere afterwards."""
    return bool(snapshot.accounts[bucket.account].of(AccessPoint).referring("bucket", bucket.arn))


async def _holds_something(call: S3Call) -> bool:
    """Whether the bucket contains an object, or a version of one. Raises UpstreamFailed if that is not known."""
    for operation in ("ListObjectsV2", "ListObjectVersions"):
        if not call.exchange.settings.does(SIGNING_NAME, operation):
            continue
        response = await call.ask(operation, {"Bucket": call.bucket, "MaxKeys": 1}, call.owner)
        body = await response.whole(MOST_WHOLE)
        if response.status == HTTPStatus.NOT_FOUND:
            return False
        if response.status != HTTPStatus.OK:
            raise UpstreamFailed("the upstream does not tell whether the bucket is empty", sent=False)
        if any(f"<{name}>".encode() in body for name in ("Contents", "Version", "DeleteMarker")):
            return True
    return False
