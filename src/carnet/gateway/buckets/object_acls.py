"""The owners and ACLs of objects. Nothing is kept of a private object of its bucket's owner.

An ACL is kept for a version and an ETag, which the upstream names in its answers about the object. INVARIANT: if
anything fails between the upstream and the store, only the bucket's owner may use the object; an ACL never applies to
other content than that for which it was set.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Acl, Bucket, ObjectOwnership
from carnet.entities.object_acl import ObjectAcl, UploadKey
from carnet.gateway.buckets.acl import (
    ACL_MEMBERS,
    BUCKET_OWNER_FULL_CONTROL,
    asked_acl,
    is_public,
    private,
    required_acl,
)
from carnet.gateway.buckets.acl_policies import BY_OBJECT_ACL
from carnet.gateway.buckets.bucket_operations import no_acls, prevented
from carnet.gateway.buckets.bucket_policies import blocked, bucket_in
from carnet.gateway.deciding import Resolved
from carnet.policy.request import Principal

MOST_OBJECT_ACLS = 100_000
"""In the buckets of one account. Every node holds them in memory, some 1 KB each."""
_NO_VERSION = ("", "null")

Headers = tuple[tuple[str, str], ...]


class Told(NamedTuple):
    """The identity of an object, as the upstream tells it."""

    version: str
    """Empty for an object without versions."""
    etag: str
    """Without quotes; empty if it is not told."""


class Owned(NamedTuple):
    """The owner of an object, and its ACL; for an upload also the encryption of its parts."""

    owner: str
    acl: Acl
    key: UploadKey | None = None


def by_default(bucket: Bucket) -> Owned:
    return Owned(bucket.account, private(bucket.account))


def told_by(headers: Headers) -> Told:
    """The identity of the object in the headers of an answer."""
    found = dict(headers)
    return Told(version_id(found.get("x-amz-version-id", "")), bare(found.get("etag", "")))


def version_id(given: str) -> str:
    return "" if given in _NO_VERSION else given


def bare(etag: str) -> str:
    """An ETag without its quotes."""
    return etag.strip().strip('"')


def kept_of(snapshot: Snapshot, arn: str) -> tuple[ObjectAcl, ...]:
    """The kept state of an object's versions, and of the uploads to it, oldest first."""
    bucket = bucket_in(snapshot, arn)
    if bucket is None:
        return ()
    kept = snapshot.accounts[bucket.account].of(ObjectAcl)
    return kept.referring("object", arn) if len(kept) else ()


def in_force(snapshot: Snapshot, arn: str) -> tuple[ObjectAcl, ...]:
    """The kept state of an object's versions, if the bucket has ACLs enabled."""
    bucket = bucket_in(snapshot, arn)
    if bucket is None or bucket.ownership is ObjectOwnership.ENFORCED:
        return ()
    return tuple([one for one in kept_of(snapshot, arn) if not one.upload])


def exact(kept: Iterable[ObjectAcl], told: Told) -> ObjectAcl | None:
    """The kept state of the object that the upstream tells; None if it has the defaults."""
    if not told.etag:
        return None
    return next((one for one in kept if not one.upload and (one.version, one.etag) == told), None)


def likely(kept: tuple[ObjectAcl, ...], version: str | None) -> ObjectAcl | None:
    """The kept state of the requested version, or of the newest one without a version."""
    if version is None:
        return kept[-1] if kept else None
    return next((one for one in kept if one.version == version_id(version)), None)


def of_upload(kept: Iterable[ObjectAcl], upload: str) -> ObjectAcl | None:
    return next((one for one in kept if one.upload == upload), None)


def with_acl(resolved: Resolved, acl: ObjectAcl | None, bucket: Bucket) -> Resolved:
    """A check on an object whose ACL that is, if its action is one that ACLs are about."""
    if resolved.check.action not in BY_OBJECT_ACL:
        return resolved
    return resolved._replace(acl=acl, account=bucket.account if acl is None else acl.owner)


def asked_object(snapshot: Snapshot, members: Mapping[str, Any], arn: str, principal: Principal, writer: str) -> Owned:
    """Who will own what a request makes, and its ACL; `writer` is the caller's account, empty if nobody signed.

    An object without a known writer belongs to the bucket's owner. Raises Refused.
    """
    bucket = bucket_in(snapshot, arn)
    assert bucket is not None, "the request was decided on a bucket"
    given = {name: value for name, value in members.items() if name in ACL_MEMBERS}
    canned = given.get("ACL")
    if bucket.ownership is ObjectOwnership.ENFORCED:
        if given and (canned != BUCKET_OWNER_FULL_CONTROL or len(given) > 1):
            raise no_acls()
        return by_default(bucket)
    preferred = bucket.ownership is ObjectOwnership.PREFERRED and canned == BUCKET_OWNER_FULL_CONTROL
    owner = bucket.account if preferred or not writer else writer
    made = Owned(owner, asked_acl(given, owner, bucket.account) or private(owner))
    refuse_public(snapshot, bucket, arn, principal, made.acl, "s3:PutObject")
    if made != by_default(bucket):
        refuse_too_many(snapshot, bucket)
    return made


def asked_acl_of(
    snapshot: Snapshot, members: Mapping[str, Any], bucket: Bucket, arn: str, principal: Principal, owner: str
) -> Owned:
    """The kept state of an object after PutObjectAcl. Raises Refused."""
    if bucket.ownership is ObjectOwnership.ENFORCED:
        raise no_acls()
    acl = required_acl(members, owner, bucket.account)
    refuse_public(snapshot, bucket, arn, principal, acl, "s3:PutObjectAcl")
    return Owned(owner, acl)


def refuse_public(snapshot: Snapshot, bucket: Bucket, arn: str, principal: Principal, acl: Acl, action: str) -> None:
    """Raises Refused for a public ACL that BlockPublicAcls prevents."""
    if is_public(acl) and blocked(snapshot, bucket).block_public_acls:
        raise prevented(principal, arn, action, "ACLs", "BlockPublicAcls")


def refuse_too_many(snapshot: Snapshot, bucket: Bucket) -> None:
    """Raises Refused if no more ACLs of objects have room: the objects could not be found private then."""
    if len(snapshot.accounts[bucket.account].of(ObjectAcl)) >= MOST_OBJECT_ACLS:
        raise Refused(
            "InvalidRequest",
            f"The account of the bucket has {MOST_OBJECT_ACLS} objects with ACLs of their own, and no more are kept. "
            "Let a bucket policy say who may read them.",
        )


def kept_as(bucket: Bucket, arn: str, told: Told, owned: Owned, now: datetime, *, upload: str = "") -> ObjectAcl:
    """The new kept state of an object, or of an upload that will make one."""
    return ObjectAcl(
        account=bucket.account,
        object=arn,
        version=told.version,
        upload=upload,
        etag=told.etag,
        owner=owned.owner,
        acl=owned.acl,
        key=owned.key,
        set=now,
    )
