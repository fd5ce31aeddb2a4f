"""Amazon S3: objects and their versions, copies, batches, and the permissions that headers need.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import NOT_IMPLEMENTED, Asked, Check, Refused, Scope, not_decided
from carnet.gateway.checks.hand import Hand, Rule, untold
from carnet.gateway.checks.members import is_there, items, needed, structure, structures, text
from carnet.gateway.checks.naming import Named
from carnet.gateway.checks.services import kms, s3_keys, s3_names
from carnet.gateway.checks.services.s3_names import (
    BUCKET,
    OBJECT,
    bucket_arn,
    copy_source,
    encryption_context,
    object_arn,
    versioned,
)
from carnet.gateway.checks.table import from_table
from carnet.gateway.s3_sentences import XML_MALFORMED
from carnet.policy.request import Value
from carnet.protocols.s3_paths import IN_TWO_WAYS, is_read_in_two_ways

MOST_DELETED = 1_000
_DUAL_LAYER = "aws:kms:dsse"
_BY_KMS = frozenset(("aws:kms", _DUAL_LAYER))
_ALGORITHMS = _BY_KMS | {"", "AES256"}
"""INVARIANT: what a store might take for KMS, and is none of these, is not sent to it: no key is decided on for it."""
_LISTS = ("ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2")
_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def _named_bucket(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    return Named(type=BUCKET, resource=bucket_arn(scope.partition, values["BucketName"]), account=None)


def _named_object(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    arn = object_arn(scope.partition, values["BucketName"], values["ObjectName"])
    return Named(type=OBJECT, resource=arn, account=None)


def _on_object(asked: Asked, action: str, key: str | None = None) -> Check:
    bucket = needed(asked.members, "Bucket")
    arn = _object(asked, bucket, key if key is not None else needed(asked.members, "Key"))
    expected = text(asked.members, "ExpectedBucketOwner")
    return Check(action=f"s3:{action}", resource=arn, account=None, type=OBJECT, expected_account=expected)


def _object(asked: Asked, bucket: str, key: str) -> str:
    """INVARIANT: a key in a header or a body is held to what keys in paths are (`protocols.s3_paths`)."""
    if not asked.literal_keys and is_read_in_two_ways(key):
        raise Refused("InvalidArgument", f"The key {IN_TWO_WAYS}")
    return object_arn(asked.scope.partition, bucket, key)


def _list_objects(asked: Asked) -> Iterator[Check]:
    """INVARIANT: a prefix is held to what keys are: a store that takes `/a/` for `a/` lists what `s3:prefix` denies."""
    prefix = text(asked.members, "Prefix")
    if prefix and not asked.literal_keys and is_read_in_two_ways(prefix):
        raise Refused("InvalidArgument", f"The prefix {IN_TWO_WAYS}")
    yield from from_table(asked, HAND)


def _version(asked: Asked) -> str | None:
    """The version that the request names. Raises Refused for an empty one, of which upstreams make what they like."""
    version = text(asked.members, "VersionId")
    if version == "":
        raise Refused("InvalidArgument", "Version id cannot be the empty string")
    return version


def _of_version(*actions: str) -> Rule:
    """On an object, or on one of its versions, for which most actions have another name."""

    def rule(asked: Asked) -> Iterator[Check]:
        version = _version(asked)
        for action in actions:
            yield _on_object(asked, versioned(action) if version is not None else action)
        yield from _check_governance_bypass(asked, None)

    return rule


def _delete_object(asked: Asked) -> Iterator[Check]:
    yield from _of_version("DeleteObject")(asked)
    yield from _check_if_match(asked, None, text(asked.members, "IfMatch"), _version(asked))


def _check_if_match(asked: Asked, key: str | None, etag: str | None, version: str | None = None) -> Iterator[Check]:
    """Who writes or deletes an object if it has a certain ETag learns whether it has.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    if etag is not None and etag.strip() != "*":
        check = _on_object(asked, "GetObject" if version is None else "GetObjectVersion", key)
        yield check if version is None else s3_keys.of_version(check, version)


def _check_governance_bypass(asked: Asked, key: str | None) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-bypass"""
    if asked.members.get("BypassGovernanceRetention") is True:
        yield _on_object(asked, "BypassGovernanceRetention", key)


def _put_object(asked: Asked) -> Iterator[Check]:
    """An object is made: with an ACL, tags or a lock, the permission to set these, too."""
    members = asked.members
    if members.get("WriteOffsetBytes") is not None:  # of directory buckets: other stores would replace the object
        raise Refused(NOT_IMPLEMENTED, "A header you provided implies functionality that is not implemented")
    yield _on_object(asked, "PutObject")
    if any(members.get(name) is not None for name in _GRANTS):
        yield _on_object(asked, "PutObjectAcl")
    if members.get("Tagging") is not None:
        yield _on_object(asked, "PutObjectTagging")
    if any(name.startswith(("ObjectLockMode", "ObjectLockRetain", "ObjectLockEvent")) for name in members):
        yield _on_object(asked, "PutObjectRetention")
    if members.get("ObjectLockLegalHoldStatus") is not None:
        yield _on_object(asked, "PutObjectLegalHold")
    yield from _check_if_match(asked, None, text(members, "IfMatch"))
    yield from _check_encryption(asked)


def _complete_upload(asked: Asked) -> Iterator[Check]:
    yield _on_object(asked, "PutObject")
    yield from _check_if_match(asked, None, text(asked.members, "IfMatch"))


def _check_encryption(asked: Asked) -> Iterator[Check]:
    """A request that names a KMS key uses it, through S3. One that asks for KMS and names none uses the key aws/s3.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#AmazonS3-PutObject-request-header-SSEKMSKeyId
    """
    if text(asked.members, "SSEKMSEncryptionContext"):
        raise not_decided(asked, "who reads the object would not be held to x-amz-server-side-encryption-context")
    algorithm = text(asked.members, "ServerSideEncryption") or ""
    if algorithm not in _ALGORITHMS:
        raise Refused("InvalidArgument", "The encryption method specified is not supported")
    given = text(asked.members, "SSEKMSKeyId") or (s3_names.MANAGED_KEY if algorithm in _BY_KMS else None)
    if given is None:
        return
    on = _on_object(asked, "PutObject").resource
    assert isinstance(on, str), "objects are named by their ARNs"
    # Amazon S3 has no keys of buckets for dual-layer encryption: each object has a context of its own.
    bucket_key = asked.members.get("BucketKeyEnabled") is True and algorithm != _DUAL_LAYER
    keys: dict[str, Value] = {
        "kms:ViaService": f"s3.{asked.scope.region}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": encryption_context(on, bucket_key=bucket_key),
        "kms:EncryptionContextKeys": ("aws:s3:arn",),
    }
    named = kms.key(asked.scope, given)
    actions = ("GenerateDataKey", "Decrypt") if asked.operation == "CreateMultipartUpload" else ("GenerateDataKey",)
    for action in actions:
        yield Check(action=f"kms:{action}", resource=named.resource, account=named.account, type=kms.KEY, keys=keys)


def _copy_object(asked: Asked) -> Iterator[Check]:
    """What is made, and the source that is read."""
    if asked.operation == "CopyObject":
        if text(asked.members, "IfMatch") is not None:
            raise not_decided(asked, "who may read what the copy replaces is not decided")
        yield from _put_object(asked)
    else:
        yield _on_object(asked, "PutObject")
    source = copy_source(needed(asked.members, "CopySource"))
    action = "GetObject" if source.version is None else "GetObjectVersion"
    keys: dict[str, Value] = {} if source.version is None else {"s3:versionid": source.version}
    yield Check(
        action=f"s3:{action}",
        resource=_object(asked, source.bucket, source.key),
        account=None,
        type=OBJECT,
        keys=keys,
        expected_account=text(asked.members, "ExpectedSourceBucketOwner"),
    )


def _delete_objects(asked: Asked) -> Iterator[Check]:
    """A check for each key. The answer tells which of them were not deleted, and why."""
    listed = structures(structure(asked.members, "Delete"), "Objects")
    if not 0 < len(listed) <= MOST_DELETED:
        raise Refused("MalformedXML", XML_MALFORMED)
    for one in listed:
        key, version = needed(one, "Key"), text(one, "VersionId")
        if version == "":
            raise Refused("InvalidArgument", "Version id cannot be the empty string")
        check = _on_object(asked, "DeleteObject" if version is None else "DeleteObjectVersion", key)
        yield check if version is None else s3_keys.of_version(check, version)
        yield from _check_governance_bypass(asked, key)
        yield from _check_if_match(asked, key, text(one, "ETag"), version)


def _create_bucket(asked: Asked) -> Iterator[Check]:
    """In the caller's account; with an ACL, locks, ownership or tags, the permission to set these, too.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    members = asked.members
    actions = ["CreateBucket"]
    if any(members.get(name) is not None for name in _GRANTS):
        actions.append("PutBucketAcl")
    if members.get("ObjectLockEnabledForBucket") is True:
        actions += ["PutBucketObjectLockConfiguration", "PutBucketVersioning"]
    if members.get("ObjectOwnership") is not None:
        actions.append("PutBucketOwnershipControls")
    if items(structure(members, "CreateBucketConfiguration"), "Tags"):
        actions.append("TagResource")
    arn = bucket_arn(asked.scope.partition, needed(members, "Bucket"))
    for action in actions:
        yield Check(action=f"s3:{action}", resource=arn, account=asked.scope.account, type=BUCKET)


def _restore_object(asked: Asked) -> Iterator[Check]:
    if is_there(structure(asked.members, "RestoreRequest"), "OutputLocation"):
        raise not_decided(asked, "what is written to OutputLocation is not decided")
    yield _on_object(asked, "RestoreObject")


def _read_elsewhere(asked: Asked) -> Iterator[Check]:
    """Content that comes in an answer of another form: neither its owner nor the key that encrypts it is told there."""
    raise not_decided(asked, "whose the object is and which key encrypts it is not looked up")


_OF_VERSIONS = (
    *("DeleteObjectAnnotation", "DeleteObjectTagging", "GetObject", "GetObjectAcl"),
    *("GetObjectAnnotation", "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging"),
    *("ListObjectAnnotations", "PutObjectAcl", "PutObjectAnnotation", "PutObjectLegalHold", "PutObjectRetention"),
    *("PutObjectTagging", "UpdateObjectEncryption"),
)

HAND = Hand(
    operations={
        **{name: _of_version(name) for name in _OF_VERSIONS},
        "CompleteMultipartUpload": _complete_upload,
        "CopyObject": _copy_object,
        "CreateBucket": _create_bucket,
        "CreateMultipartUpload": _put_object,
        "DeleteObject": _delete_object,
        "DeleteObjects": _delete_objects,
        "GetObjectAttributes": _of_version("GetObjectAttributes", "GetObject"),
        "GetObjectTorrent": _read_elsewhere,
        "HeadObject": _of_version("GetObject"),
        **dict.fromkeys(_LISTS, _list_objects),
        "PutObject": _put_object,
        "RestoreObject": _restore_object,
        "SelectObjectContent": _read_elsewhere,
        "UploadPartCopy": _copy_object,
    },
    names={BUCKET: _named_bucket, OBJECT: _named_object},
    keys=s3_keys.KEYS,
    templates=s3_keys.TEMPLATES,
    on_nothing=untold,
)
