"""What requests need of the keys of AWS KMS that encrypt what they are about.

A service uses such a key in the name of its caller, who needs the permission. Which key it is, the request tells, or
the upstream: of queues and topics it is remembered for a minute, which is how long AWS takes to heed another one.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from msgspec import Struct

from carnet.gateway.aws_managed_keys import AWS_MANAGED
from carnet.gateway.deciding import Resolved
from carnet.gateway.enquiry import Enquiry
from carnet.gateway.known_keys import KnownKeys
from carnet.gateway.lookups import NotFound
from carnet.gateway.members import structure, text
from carnet.gateway.resource_tags import queue_url
from carnet.policy.request import Value

_DECRYPT, _DATA_KEY = "kms:Decrypt", "kms:GenerateDataKey"
_WRITES = (_DATA_KEY, _DECRYPT)
_TO_VALIDATE = "RequestToValidateKeyAccess"
_MASTER_KEY = "KmsMasterKeyId"


class KeyUse(Struct, frozen=True, kw_only=True):
    """What a service does with a key."""

    key: str
    """As the request or the resource names it: an id or an alias of the account of the resource, or an ARN."""
    actions: tuple[str, ...]
    context: Mapping[str, str]
    """The encryption context."""
    keys: Mapping[str, Value] = {}
    """Further condition keys."""
    unknown: frozenset[str] = frozenset()
    """Condition keys that nothing tells."""


Uses = Callable[[Enquiry, Resolved, KnownKeys], AsyncIterator[KeyUse]]


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
        yield KeyUse(key=key, actions=_WRITES, context={"aws:sns:topicArn": one.resource})


async def _read_secret(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"""
    given, described = enquiry.call.given, enquiry.call.described[one.resource]
    version = text(given, "VersionId") or _staged(described, text(given, "VersionStage") or "AWSCURRENT")
    yield _on_secret(one.resource, _key_of(described), (_DECRYPT,), version)


def _staged(described: Mapping[str, Any], stage: str) -> str | None:
    """The version that has a label."""
    versions = described.get("VersionIdsToStages") or {}
    return next((version for version, stages in versions.items() if stage in stages), None)


def _key_of(described: Mapping[str, Any]) -> str:
    """AWS's own, if the secret names none."""
    return str(described.get("KmsKeyId") or f"{AWS_MANAGED}secretsmanager")


def _on_secret(arn: str, key: str, actions: tuple[str, ...], version: str | None) -> KeyUse:
    context = {"SecretARN": arn} | ({"SecretVersionId": version} if version else {})
    unknown = frozenset(() if version else ("kms:EncryptionContext:SecretVersionId",))
    return KeyUse(key=key, actions=actions, context=context, unknown=unknown)


async def _write_secret(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """A value is encrypted by the key of the secret; another key has to be good for it."""
    given = enquiry.call.given
    if key := text(given, "KmsKeyId"):
        yield _validated(key)
    elif "SecretString" in given or "SecretBinary" in given:
        described = enquiry.call.described[one.resource]
        yield _on_secret(one.resource, _key_of(described), _WRITES, text(given, "ClientRequestToken"))


def _validated(key: str) -> KeyUse:
    """Before a secret is made, or gets another key."""
    return KeyUse(key=key, actions=_WRITES, context={"SecretARN": _TO_VALIDATE, "SecretVersionId": _TO_VALIDATE})


async def _make_secret(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    yield _validated(text(enquiry.call.given, "KmsKeyId") or f"{AWS_MANAGED}secretsmanager")


async def _of_table(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"""
    given = structure(enquiry.call.given, "SSESpecification")
    key = text(given, "KMSMasterKeyId")
    if not key and given.get("Enabled") is not True:
        return
    table, region = one.resource.rpartition("/")[2], enquiry.call.caller.region
    yield KeyUse(
        key=key or f"{AWS_MANAGED}dynamodb",
        actions=("kms:DescribeKey", "kms:CreateGrant", "kms:Encrypt", *_WRITES),
        context={"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": one.account},
        keys=_granted(
            *("DescribeKey", "GenerateDataKey", "Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "RetireGrant"),
            **{
                "kms:GranteePrincipal": f"dynamodb.{region}.amazonaws.com",
                "kms:GrantConstraintType": "EncryptionContextSubset",
            },
        ),
    )


def _granted(*operations: str, **keys: str) -> Mapping[str, Value]:
    """The condition keys of a grant that a service makes for itself.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
    """
    return {"kms:GrantIsForAWSResource": "true", "kms:GrantOperations": operations, **keys}


async def _of_function(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html"""
    if key := text(enquiry.call.given, "KMSKeyArn"):
        yield KeyUse(
            key=key,
            actions=("kms:CreateGrant", "kms:Encrypt"),
            context={"aws:lambda:FunctionArn": one.resource},
            keys=_granted("Decrypt", "RetireGrant"),
            unknown=frozenset(("kms:GranteePrincipal", "kms:GrantConstraintType")),
        )


USES: Mapping[str, Uses] = {
    "dynamodb:CreateTable": _of_table,
    "dynamodb:UpdateTable": _of_table,
    "lambda:CreateFunction": _of_function,
    "lambda:UpdateFunctionConfiguration": _of_function,
    "secretsmanager:CreateSecret": _make_secret,
    "secretsmanager:GetSecretValue": _read_secret,
    "secretsmanager:PutSecretValue": _write_secret,
    "secretsmanager:UpdateSecret": _write_secret,
    "sns:Publish": _of_topic,
    "sqs:ReceiveMessage": _of_queue(_DECRYPT),
    "sqs:SendMessage": _of_queue(*_WRITES),
}
"""By the action that a request needs on the resource."""


async def uses_of(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> list[KeyUse]:
    """What a check that is allowed needs of keys. Raises Refused, LookupFailed, and as `Enquiry.members`.

    What is not there has no key: the upstream will say so.
    """
    uses = USES.get(one.check.action)
    try:
        return [] if uses is None else [use async for use in uses(enquiry, one, known)]
    except NotFound:
        return []
