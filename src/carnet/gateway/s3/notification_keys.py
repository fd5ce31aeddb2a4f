"""The keys of AWS KMS that encrypt the queues and topics to which the events of a bucket are to be delivered.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from msgspec.structs import replace

from carnet.base.http import HttpResponse
from carnet.gateway.checks.check import Refused, Scope
from carnet.gateway.checks.lookups import LookupFailed, resource_or_stand_in
from carnet.gateway.checks.members import structure, text
from carnet.gateway.checks.resource_tags import queue_url
from carnet.gateway.checks.services import kms
from carnet.gateway.failures import says_not_there
from carnet.gateway.keys.aws_managed_keys import is_of_aws
from carnet.gateway.policies.reread import reread
from carnet.gateway.s3.call import S3Call
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import Exchange
from carnet.models import Operation, operation

USES = ("kms:GenerateDataKey", "kms:Decrypt")
"""What Amazon S3 needs of the key."""
_SUCCESS = 200
_MASTER_KEY = "KmsMasterKeyId"


class DestinationKey(NamedTuple):
    """The key that encrypts a destination."""

    arn: str
    """Empty for a key that AWS has made, which lets in no other service, and for one that is not there."""


async def key_of(call: S3Call, arn: str) -> DestinationKey | None:
    """The key of a queue or a topic; None if it has none, or is of another kind, or is not there.

    Raises LookupFailed, and as `Exchange.send`.
    """
    _, partition, service, region, account, _ = arn.split(":", 5)
    scope = Scope(partition=partition, region=region, account=account)
    key = await _named_key(call, service, scope, arn)
    if not key:
        return None
    try:
        named = kms.key(scope, key)
    except Refused:
        raise LookupFailed("what encrypts a destination is no key") from None
    if isinstance(named.resource, str):
        return DestinationKey(named.resource)
    if is_of_aws(key):
        return DestinationKey("")
    found, is_missing = await resource_or_stand_in(named.resource, scope, partial(_ask, call, "kms", scope))
    return DestinationKey("" if is_missing else found)


async def _named_key(call: S3Call, service: str, scope: Scope, arn: str) -> str | None:
    """The key, as the queue or the topic names it."""
    if service == "sqs":
        given: Mapping[str, Any] = {"QueueUrl": queue_url(arn), "AttributeNames": [_MASTER_KEY]}
        asked = operation(service, "GetQueueAttributes")
    elif service == "sns":
        given, asked = {"TopicArn": arn}, operation(service, "GetTopicAttributes")
    else:
        return None
    answer = await _ask(call, service, scope, asked, given)
    if says_not_there(answer):
        return None
    if answer.status != _SUCCESS:
        raise LookupFailed(f"the upstream does not answer {asked.name}")
    try:
        return text(structure(reread(asked, answer, answer.body), "Attributes"), _MASTER_KEY)
    except UpstreamFailed as failed:
        raise LookupFailed(str(failed)) from None


async def _ask(call: S3Call, service: str, scope: Scope, asked: Operation, given: Mapping[str, Any]) -> HttpResponse:
    upstream: Exchange | None = call.exchanges.get(service)
    if upstream is None:
        raise LookupFailed("no upstream tells which key encrypts a destination")
    return await upstream.look_up(asked, given, replace(call.asking(scope.account), region=scope.region))
