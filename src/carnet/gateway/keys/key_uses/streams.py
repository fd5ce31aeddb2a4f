"""The keys of streams of Amazon Kinesis: producers and consumers use them, whoever has begun the encryption.

https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.checks.members import structure, text
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.aws_managed_keys import AWS_MANAGED
from carnet.gateway.keys.key_uses.use import DATA_KEY, DECRYPT, DESCRIBE, KeyUse, Uses
from carnet.gateway.keys.known_keys import KnownKeys


def _of_records(action: str) -> Uses:
    async def uses(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
        stream = one.resource.partition("/consumer/")[0]

        async def ask() -> str | None:
            given = {"StreamName": stream.partition(":stream/")[2]}
            told = structure(await enquiry.members("DescribeStreamSummary", given), "StreamDescriptionSummary")
            if not told:
                raise LookupFailed("the upstream does not describe the stream")
            if text(told, "EncryptionType") != "KMS":
                return None
            return text(told, "KeyId") or f"{AWS_MANAGED}kinesis"

        if key := await known.of(stream, ask):
            yield KeyUse(key=key, actions=(action,), context={"aws:kinesis:arn": stream})

    return uses


async def _start_encryption(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """Stream administrators have to be allowed to describe the key."""
    if one.check.type == "stream" and (key := text(enquiry.call.given, "KeyId")):
        yield KeyUse(key=key, actions=(DESCRIBE,), context={})


USES = {
    "kinesis:GetRecords": _of_records(DECRYPT),
    "kinesis:PutRecord": _of_records(DATA_KEY),
    "kinesis:PutRecords": _of_records(DATA_KEY),
    "kinesis:StartStreamEncryption": _start_encryption,
    "kinesis:SubscribeToShard": _of_records(DECRYPT),
}
