"""The keys of tables of Amazon DynamoDB.

DynamoDB decrypts the key of a table in the name of the caller who reads or writes items, who needs `kms:Decrypt`. A
caller who gives a table its key needs the permissions for the grant to DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from msgspec.structs import replace

from carnet.gateway.checks.check import Members
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed, NotFound
from carnet.gateway.checks.members import structure, text
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.aws_managed_keys import AWS_MANAGED, is_of_aws
from carnet.gateway.keys.key_uses.use import DECRYPT, DESCRIBE, ENCRYPT, GRANT, WRITES, KeyUse, granted
from carnet.gateway.keys.known_keys import KnownKeys

_OWN = f"{AWS_MANAGED}dynamodb"
_TABLE = ":table/"


def _context(table: str, account: str) -> dict[str, str]:
    return {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": account}


async def _of_items(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """An index is encrypted by the key of its table; what is restored to has none yet."""
    arn = one.resource.partition("/index/")[0]
    table = arn.partition(_TABLE)[2]
    if table == text(enquiry.call.given, "TargetTableName"):
        return
    if key := await known.of(arn, partial(_described_key, enquiry, table)):
        yield KeyUse(key=key, actions=(DECRYPT,), context=_context(table, one.account))


async def _described_key(enquiry: Enquiry, table: str) -> str | None:
    told = await enquiry.members("DescribeTable", {"TableName": table})
    if "Table" not in told:
        raise LookupFailed("the upstream does not describe the table")
    return await _key_of(enquiry, structure(structure(told, "Table"), "SSEDescription"))


async def _key_of(enquiry: Enquiry, described: Members) -> str | None:
    """None for a key that DynamoDB owns, which no policy is about."""
    if described.get("Status") == "DISABLED" or not described:
        return None
    key = text(described, "KMSMasterKeyArn")
    if key is None:
        return _OWN if described.get("SSEType") == "KMS" else None
    return _OWN if is_of_aws(key) or await _is_own(enquiry, key) else key


async def _is_own(enquiry: Enquiry, key: str) -> bool:
    """Whether it is the key that DynamoDB has made in the account, which a table tells as any other: by its ARN."""
    if "kms" not in enquiry.call.exchanges:
        return False
    try:
        told = await replace(enquiry, service="kms").members("DescribeKey", {"KeyId": _OWN})
    except NotFound:
        return False
    metadata = structure(told, "KeyMetadata")
    if text(metadata, "Arn") is None:
        raise LookupFailed("the upstream does not describe the key")
    return key in (text(metadata, "Arn"), text(metadata, "KeyId"))


async def _new_key(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """The key of a table that is created, or gets another key."""
    given = enquiry.call.given
    table = one.resource.partition(_TABLE)[2]
    wanted = structure(given, "SSESpecificationOverride") or structure(given, "SSESpecification")
    key = text(wanted, "KMSMasterKeyId")
    if not key and wanted.get("Enabled") is not True:
        return
    yield KeyUse(
        key=key or _OWN,
        actions=(DESCRIBE, GRANT, ENCRYPT, *WRITES),
        context=_context(table, one.account),
        keys=granted(
            *("DescribeKey", "GenerateDataKey", "Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "RetireGrant"),
            **{
                "kms:GranteePrincipal": f"dynamodb.{enquiry.call.caller.region}.amazonaws.com",
                "kms:GrantConstraintType": "EncryptionContextSubset",
            },
        ),
    )


async def _restore_table(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """The table that is made gets a key as any other; the one that is copied is read."""
    target = text(enquiry.call.given, "TargetTableName")
    if one.resource.endswith(f"{_TABLE}{target}"):
        async for use in _new_key(enquiry, one, known):
            yield use
    elif one.check.type == "backup":
        async for use in _of_backup(enquiry, one):
            yield use
    else:
        async for use in _of_items(enquiry, one, known):
            yield use


async def _of_backup(enquiry: Enquiry, one: Resolved) -> AsyncIterator[KeyUse]:
    told = structure(await enquiry.members("DescribeBackup", {"BackupArn": one.resource}), "BackupDescription")
    source = text(structure(told, "SourceTableDetails"), "TableName")
    if source is None:
        raise LookupFailed("the upstream does not describe the backup")
    described = structure(structure(told, "SourceTableFeatureDetails"), "SSEDescription")
    if key := await _key_of(enquiry, described):
        yield KeyUse(key=key, actions=(DECRYPT,), context=_context(source, one.account))


_ITEM_ACTIONS = (
    *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan"),
    *("SearchVectors", "UpdateItem", "PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
)
USES = {
    **{f"dynamodb:{name}": _of_items for name in _ITEM_ACTIONS},
    "dynamodb:CreateTable": _new_key,
    "dynamodb:RestoreTableFromBackup": _restore_table,
    "dynamodb:RestoreTableToPointInTime": _restore_table,
    "dynamodb:UpdateTable": _new_key,
}
