"""Requests about the default encryption of a bucket: settings with a KMS key are kept here, others sent on.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from carnet.audit.steps import Parsed
from carnet.base.http import HttpResponse
from carnet.entities.bucket import Bucket
from carnet.gateway.answers import MOST_WHOLE
from carnet.gateway.buckets.default_key import blocks_customer_keys, names_key
from carnet.gateway.buckets.kept_buckets import KeptBuckets
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3 import kept
from carnet.gateway.s3.answers import answered_headers, relayed
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.deciding import refuse_untold
from carnet.gateway.s3.events import told
from carnet.gateway.s3.faults import not_implemented
from carnet.gateway.s3.sending import sent_members
from carnet.server.outbox import Answer

_READ, _WRITE = "GetBucketEncryption", "PutBucketEncryption"


async def answered(call: S3Call, buckets: KeptBuckets, bucket: Bucket, resolved: tuple[Resolved, ...]) -> Answer:
    """One of OF_ENCRYPTION that was allowed. Raises Refused, Denied, Unavailable, S3Fault, and as `S3Call.send`.

    INVARIANT: the key is removed only once the upstream has the new setting: if the process dies in between, writers
    still need permission for the key.
    """
    if call.operation.name == _WRITE and blocks_customer_keys(call.given):
        raise not_implemented("what a bucket blocks of customers' keys (BlockedEncryptionTypes) is not kept here")
    if names_key(call.given):
        refuse_untold(call.exchange.settings)
        return await kept.answered(call, buckets, resolved)
    if call.operation.name == _READ and bucket.default_key is not None:
        return await kept.answered(call, buckets, resolved)
    response = await call.send(sent_members(call))
    if bucket.default_key is None or response.status >= HTTPStatus.MULTIPLE_CHOICES:
        return await relayed(call, response)
    body = await response.whole(MOST_WHOLE)
    done = await buckets.answer(
        Parsed(authenticated=call.step, given={}),
        call.operation.name,
        call.given,
        resolved,
        tuple(call.decided),
        partial(told, call=call, headers=response.headers, sent=len(body)),
    )
    answer = HttpResponse(status=response.status, headers=answered_headers(call, response.headers), body=body)
    return kept.recorded(call, answer, done)
