"""Buckets are made and deleted: who owns one is known before and behind the upstream's part in it.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from carnet.audit.steps import Parsed, account_of
from carnet.base.http import HttpResponse
from carnet.entities.bucket import Bucket
from carnet.gateway.answers import FIRST_ERROR
from carnet.gateway.buckets import Buckets, bucket_of
from carnet.gateway.connection import UpstreamFailed
from carnet.gateway.deciding import Resolved
from carnet.gateway.exchange import AnotherAccount, NotListed
from carnet.gateway.new_bucket import sent_on
from carnet.gateway.s3.answers import MOST_WHOLE, answered_headers, audited, relayed
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.events import told
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.sending import sent_members
from carnet.gateway.upstream import UpstreamResponse
from carnet.server.outbox import Answer
from carnet.services.execution import Done, Execution

_FIRST_REDIRECT, _FIRST_FAILURE = 300, 500


async def made(call: S3Call, buckets: Buckets, resolved: tuple[Resolved, ...]) -> Answer:
    """CreateBucket. Raises Refused, Denied, UpstreamFailed, AnotherAccount, S3Fault.

    INVARIANT: what the upstream had before is nobody's until an operator adopts it: a store that answers 200 for a
    bucket that is there already would give its content to whoever names it.
    """
    parsed = Parsed(authenticated=call.step, given={})
    claimed = await buckets.claim(parsed, call.given, resolved, call.scope, call.exchange.settings.name)
    try:
        if await is_there(call, claimed):
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
    return _recorded(call, response, body, done)


def _recorded(call: S3Call, response: UpstreamResponse, body: bytes, done: Done) -> Answer:
    """The upstream's answer to a change whose event may be in the log already."""
    answer = HttpResponse(status=response.status, headers=answered_headers(call, response.headers), body=body)
    made_of = audited(call, answer, done.event)
    if not done.recorded:
        return made_of
    return Answer(response=answer, decided=made_of.decided, account=account_of(call.step))


async def deleted(execution: Execution, call: S3Call, buckets: Buckets) -> Answer:
    """DeleteBucket. Raises UpstreamFailed, Unavailable."""
    assert call.bucket is not None, "a bucket is named"
    bucket = bucket_of(execution.directory.snapshot, call.scope.partition, call.bucket)
    response = await call.send(sent_members(call))
    if bucket is not None and (response.status < _FIRST_REDIRECT or response.status == HTTPStatus.NOT_FOUND):
        await buckets.forget(bucket, call.arrived.time)
    return await relayed(call, response)


async def is_there(call: S3Call, bucket: Bucket) -> bool:
    """Whether the upstream has the bucket. Raises UpstreamFailed if it does not tell."""
    response = await call.ask("HeadBucket", {"Bucket": bucket.name}, bucket.account)
    await response.aclose()
    if response.status == HTTPStatus.NOT_FOUND:
        return False
    if response.status >= FIRST_ERROR:
        raise UpstreamFailed("the upstream does not tell whether it has the bucket", sent=False)
    return True
