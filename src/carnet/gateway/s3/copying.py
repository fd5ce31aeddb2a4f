"""Copies: their source is looked up before they are sent on, for who reads what a key encrypted needs the key, too.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from carnet.gateway.buckets import owned_bucket
from carnet.gateway.lookups import LookupFailed
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.deciding import refuse_unless_listed
from carnet.gateway.s3.encryption import allow_decrypt
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.services.s3_names import Source, bucket_arn, copy_source, object_arn
from carnet.services.execution import Execution

COPIES = frozenset(("CopyObject", "UploadPartCopy"))
_OF_SOURCE = "CopySource"
_DELETED = "x-amz-delete-marker"
_OF_DELETED = "The source of a copy request may not specifically refer to a delete marker by version id."
_CUSTOMER_KEY = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
"""Without them the head of an object that they encrypted is not told."""


async def refuse_source_without_key(execution: Execution, call: S3Call) -> None:
    """Raises S3Fault if the source of a copy is encrypted by a key which the caller may not use, or is not there.

    INVARIANT: a source whose head is not told is not taken for unencrypted. Raises LookupFailed, and as `S3Call.ask`.
    """
    source = copy_source(call.given[_OF_SOURCE])
    on = object_arn(call.scope.partition, source.bucket, source.key)
    owner = owned_bucket(execution.directory.snapshot, on).account
    response = await call.ask("HeadObject", _head_of(source, call.given), owner)
    await response.aclose()
    if response.status == HTTPStatus.NOT_FOUND:
        await refuse_unless_listed(execution, call, bucket_arn(call.scope.partition, source.bucket))
        raise _not_there(source)
    if response.status == HTTPStatus.METHOD_NOT_ALLOWED and dict(response.headers).get(_DELETED) == "true":
        raise S3Fault("InvalidRequest", _OF_DELETED)
    if response.status != HTTPStatus.OK:
        raise LookupFailed("the upstream does not tell whether a key has encrypted the source of the copy")
    await allow_decrypt(execution, call, response.headers, on=on, owner=owner)


def _head_of(source: Source, given: Mapping[str, Any]) -> Mapping[str, Any]:
    named = {"Bucket": source.bucket, "Key": source.key}
    version = {} if source.version is None else {"VersionId": source.version}
    key = {name: given[of] for name in _CUSTOMER_KEY if (of := f"{_OF_SOURCE}{name}") in given}
    return {**named, **version, **key}


def _not_there(source: Source) -> S3Fault:
    if source.version is None:
        return S3Fault("NoSuchKey", "The specified key does not exist.", {"Key": source.key})
    told = {"Key": source.key, "VersionId": source.version}
    return S3Fault("NoSuchVersion", "The specified version does not exist.", told)
