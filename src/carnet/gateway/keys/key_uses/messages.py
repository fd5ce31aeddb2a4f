"""The keys of queues and topics, which are looked up and remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.members import structure, text
from carnet.gateway.checks.resource_tags import queue_url
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.key_uses.use import DECRYPT, WRITES, KeyUse, Uses
from carnet.gateway.keys.known_keys import KnownKeys

_MASTER_KEY = "KmsMasterKeyId"


def _of_queue(*actions: str) -> Uses:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"""

    async def uses(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
        async def ask() -> str | None:
            given = {"QueueUrl": queue_url(one.resource), "AttributeNames": [_MASTER_KEY]}
            return text(structure(await enquiry.members("GetQueueAttributes", given), "Attributes"), _MASTER_KEY)

        if key := await known.of(one.resource, ask):
            yield KeyUse(key=key, actions=actions, context={"aws:sqs:arn": one.resource})

    return uses


async def _of_topic(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
    if one.check.type != "topic":
        return

    async def ask() -> str | None:
        told = await enquiry.members("GetTopicAttributes", {"TopicArn": one.resource})
        return text(structure(told, "Attributes"), _MASTER_KEY)

    if key := await known.of(one.resource, ask):
        yield KeyUse(key=key, actions=WRITES, context={"aws:sns:topicArn": one.resource})


USES = {
    "sns:Publish": _of_topic,
    "sqs:ReceiveMessage": _of_queue(DECRYPT),
    "sqs:SendMessage": _of_queue(*WRITES),
}
