"""Copies: the source is looked up first, because a caller who reads an encrypted object needs its key, too.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.checks.services.s3_names import Source, bucket_arn, copy_source, object_arn
from carnet.gateway.s3.acls import refuse_unless_granted
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.copied_tags import refuse_unless_tagged
from carnet.gateway.s3.deciding import refuse_unless_listed
from carnet.gateway.s3.encryption import allow_decrypt
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.tags import refuse_another
from carnet.gateway.upstreams.customer_keys import CUSTOMER_KEY
from carnet.protocols.timestamps import read_http_date
from carnet.services.execution import Execution

_OF_SOURCE = "CopySource"
_IF_MATCH, _IF_UNMODIFIED, _ANY = f"{_OF_SOURCE}IfMatch", f"{_OF_SOURCE}IfUnmodifiedSince", "*"
_ETAG = re.compile(r'"[^"]+"|[^"/]+')
"""A strong one, which tells one content."""
_DELETED = "x-amz-delete-marker"
_OF_DELETED = "The source of a copy request may not specifically refer to a delete marker by version id."


async def with_decided_source(execution: Execution, call: S3Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input of a copy, for the source that was looked up and no other that takes its place meanwhile.

    Raises S3Fault if the caller may not use the key of the source or copy its tags, or if the source does not exist
    or is not what the request expects; LookupFailed, and as `S3Call.ask`. INVARIANT: without an answer to HeadObject,
    the source does not count as unencrypted.
    """
    source = copy_source(call.given[_OF_SOURCE])
    on = object_arn(call.scope.partition, source.bucket, source.key)
    owner = owned_bucket(execution.directory.snapshot, on).account
    response = await call.ask("HeadObject", _head_of(source, call.given), owner)
    await response.aclose()
    if response.status == HTTPStatus.NOT_FOUND:
        await refuse_unless_listed(execution, call, bucket_arn(call.scope.partition, source.bucket), call.of_source)
        raise _not_there(source)
    if response.status == HTTPStatus.METHOD_NOT_ALLOWED and dict(response.headers).get(_DELETED) == "true":
        raise S3Fault("InvalidRequest", _OF_DELETED)
    if response.status != HTTPStatus.OK:
        raise LookupFailed("the upstream does not tell whether a key has encrypted the source of the copy")
    await refuse_unless_granted(execution, call, response.headers)
    refuse_another(call, on, response.headers)
    await allow_decrypt(execution, call, response.headers, on=on, owner=owner)
    await refuse_unless_tagged(execution, call, source, owner)
    return _pin_etag({**given, _OF_SOURCE: source.header}, dict(response.headers))


def _pin_etag(given: Mapping[str, Any], told: Mapping[str, str]) -> Mapping[str, Any]:
    """With the ETag of what was looked up, once the conditions hold that it would take the place of.

    Raises S3Fault if they do not, and LookupFailed.
    """
    etag, wanted, since = told.get("etag", ""), given.get(_IF_MATCH), given.get(_IF_UNMODIFIED)
    if not _ETAG.fullmatch(etag):
        raise LookupFailed("the upstream does not tell the ETag of the source of the copy")
    if wanted is not None:
        holds = wanted == _ANY or wanted.strip('"') == etag.strip('"')
    else:
        holds = since is None or _last_modified(told) <= since
    if not holds:
        raise S3Fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    return {**given, _IF_MATCH: etag}


def _last_modified(told: Mapping[str, str]) -> datetime:
    try:
        return read_http_date(told.get("last-modified", ""))
    except ValueError:
        raise LookupFailed("the upstream does not tell when the source of the copy was modified") from None


def _head_of(source: Source, given: Mapping[str, Any]) -> Mapping[str, Any]:
    named = {"Bucket": source.bucket, "Key": source.key}
    version = {} if source.version is None else {"VersionId": source.version}
    key = {name: given[of] for name in CUSTOMER_KEY if (of := f"{_OF_SOURCE}{name}") in given}
    return {**named, **version, **key}


def _not_there(source: Source) -> S3Fault:
    if source.version is None:
        return S3Fault("NoSuchKey", "The specified key does not exist.", {"Key": source.key})
    told = {"Key": source.key, "VersionId": source.version}
    return S3Fault("NoSuchVersion", "The specified version does not exist.", told)
