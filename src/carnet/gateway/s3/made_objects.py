"""Keeps owners and ACLs of objects by the upstream's answers, when objects are created and deleted.

INVARIANT: an object of the upstream for which nothing could be kept belongs to the bucket's owner, and is private.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from carnet.audit.steps import Parsed
from carnet.base.bounded_xml import BadXml, parse_xml
from carnet.base.faults import Fault
from carnet.entities.object_acl import ObjectAcl
from carnet.gateway.answers import MOST_WHOLE
from carnet.gateway.buckets.object_acl_change import MakeObject, ObjectAcls
from carnet.gateway.buckets.object_acls import (
    Owned,
    Told,
    asked_object,
    bare,
    by_default,
    kept_as,
    kept_of,
    of_upload,
    refuse_too_many,
    told_by,
    version_id,
)
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.s3.answers import failed, in_own_words, relayed, relayed_whole
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.decrypting import key_of_upload
from carnet.gateway.s3.events import told
from carnet.gateway.s3.kept import recorded
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import AnotherAccount, NotListed
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.server.outbox import Answer

_LOG = logging.getLogger("carnet.gateway")
_FROM_REQUEST = frozenset(("CopyObject", "CreateMultipartUpload", "PutObject"))
_COMPLETE = "CompleteMultipartUpload"
_BEGUN = "CreateMultipartUpload"
_DELETES = frozenset(("AbortMultipartUpload", "DeleteObject"))
_DELETED, _TRUE = "x-amz-delete-marker", "true"
_READS = "s3:GetObject"


def new_object(acls: ObjectAcls, call: S3Call) -> Owned | None:
    """Who will own what the request makes, and its ACL; None for a request that makes nothing. Raises Refused."""
    if call.operation.name in _FROM_REQUEST:
        writer = "" if call.is_anonymous else call.caller.principal.account
        made = asked_object(acls.snapshot, call.given, call.object, call.caller.principal, writer)
        return _begin_upload(acls, call, made) if call.operation.name == _BEGUN else made
    if call.operation.name != _COMPLETE:
        return None
    begun = of_upload(kept_of(acls.snapshot, call.object), call.given["UploadId"])
    return by_default(owned_bucket(acls.snapshot, call.object)) if begun is None else Owned(begun.owner, begun.acl)


def _begin_upload(acls: ObjectAcls, call: S3Call, made: Owned) -> Owned:
    """With the key of the upload, which whoever uploads parts of it needs. Raises Refused if it has no room."""
    key = key_of_upload(call.needs)
    if key is not None:
        refuse_too_many(acls.snapshot, owned_bucket(acls.snapshot, call.object))
    return made._replace(key=key)


async def settled(acls: ObjectAcls, call: S3Call, response: UpstreamResponse, made: Owned | None) -> Answer:
    """The answer, once what is kept of the object follows it. Raises as `relayed`, and Refused, Denied, Unavailable."""
    kept = kept_of(acls.snapshot, call.object)
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        return await relayed(call, response)
    if call.operation.name in _DELETES:
        await forget(acls, call, _deleted_acls(kept, call.given, dict(response.headers)))
    bucket = owned_bucket(acls.snapshot, call.object)
    if made is None or (made == by_default(bucket) and not kept):
        return await relayed(call, response)
    body = await response.whole(MOST_WHOLE)
    if failed(call, response, body):
        return relayed_whole(call, response, body)
    result = _Result(call, response, body)
    change = _change(acls, call, made, kept, result)
    if change is None:
        return relayed_whole(call, response, body)
    try:
        done = await acls.change(change)
    except Fault:
        if result.upload:
            await _take_back(call, result.upload)
        raise
    return recorded(call, in_own_words(call, response, body), done)


async def _take_back(call: S3Call, upload: str) -> None:
    """INVARIANT: nobody uploads parts of what it is not known of which key they need."""
    given = {"Bucket": call.bucket, "Key": call.route.path.key, "UploadId": upload}
    try:
        response = await call.ask("AbortMultipartUpload", given, call.owner)
        await response.aclose()
    except (UpstreamFailed, NotListed, AnotherAccount) as problem:
        _LOG.warning("an upload of which nothing could be kept is left over in %s: %s", call.bucket, problem)


class _Result:
    """The facts in an answer about what was made."""

    def __init__(self, call: S3Call, response: UpstreamResponse, body: bytes) -> None:
        self.headers = response.headers
        self.length = len(body)
        self._body = body
        self.upload = self._element("UploadId") if call.operation.name == _BEGUN else ""
        etag = told_by(response.headers).etag or ("" if self.upload else bare(self._element("ETag")))
        self.told = Told(told_by(response.headers).version, etag)

    def _element(self, name: str) -> str:
        try:
            return str(parse_xml(self._body).findtext(f"{{*}}{name}", ""))
        except BadXml:
            return ""


def _change(
    acls: ObjectAcls, call: S3Call, made: Owned, kept: tuple[ObjectAcl, ...], result: _Result
) -> MakeObject | None:
    """What is to be kept from now on; None if nothing changes.

    Raises UpstreamFailed if the upstream does not name the ETag of what it has made: without it, the ACL would apply
    to any object.
    """
    bucket, name = owned_bucket(acls.snapshot, call.object), call.operation.name
    is_default = made == by_default(bucket)
    if not is_default and not (result.upload if name == _BEGUN else result.told.etag):
        raise UpstreamFailed("the upstream does not tell what it has made: nothing is kept of it", sent=True)
    gone = [] if name == _BEGUN else [one for one in kept if not one.upload and one.version == result.told.version]
    if name == _COMPLETE:
        if is_default and any(one.etag == result.told.etag for one in gone):
            return None  # It was complete already, and is told so again.
        gone += [one for one in kept if one.upload == call.given["UploadId"]]
    if is_default and not gone:
        return None
    which = Told("", "") if name == _BEGUN else result.told
    now = call.arrived.time
    of = None if is_default else kept_as(bucket, call.object, which, made, now, upload=result.upload)
    return MakeObject(
        execution=acls.execution,
        parsed=Parsed(authenticated=call.step, given={}),
        arn=call.object,
        made=of,
        gone=tuple(one.id for one in gone),
        checks=tuple(one for one in call.needs if not one.check.action.startswith(_READS)) if call.binds else (),
        decided=tuple(call.decided),
        tell=partial(told, call=call, headers=result.headers, sent=result.length),
    )


def _deleted_acls(kept: Iterable[ObjectAcl], given: Mapping[str, Any], headers: Mapping[str, str]) -> list[ObjectAcl]:
    """The kept state of what a request has deleted."""
    if "UploadId" in given:
        return [one for one in kept if one.upload == given["UploadId"]]
    if "VersionId" not in given and headers.get(_DELETED) == _TRUE:
        return []  # There is a marker, and the versions are left.
    version = version_id(given.get("VersionId", ""))
    return [one for one in kept if not one.upload and one.version == version]


def deleted_keys(acls: ObjectAcls, arn: str, keys: Iterable[Mapping[str, Any]]) -> list[ObjectAcl]:
    """What was kept of the objects that DeleteObjects has deleted, in the bucket of that ARN.

    Not every caller learns which keys got delete markers: for a key without a version, the ACL without a version is
    removed.
    """
    return [one for key in keys for one in _deleted_acls(kept_of(acls.snapshot, f"{arn}/{key['Key']}"), key, {})]


async def forget(acls: ObjectAcls, call: S3Call, gone: Iterable[ObjectAcl]) -> None:
    """Forget the ACLs of objects that the upstream no longer has. If that fails, ACLs of no object are left over."""
    try:
        await acls.forget(gone, call.arrived.time)
    except Fault as problem:
        _LOG.warning("ACLs of deleted objects in %s are left over: %s", call.bucket, problem)
