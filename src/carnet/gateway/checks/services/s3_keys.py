"""The condition keys of Amazon S3 that members of a request set.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from msgspec.structs import replace

from carnet.gateway.checks.check import Asked, Check, Refused
from carnet.gateway.checks.common import pairs
from carnet.gateway.checks.hand import Filler, TemplateFiller, constant, member
from carnet.gateway.checks.members import structure, structures, text, texts, value_of
from carnet.gateway.checks.services.s3_names import copy_source
from carnet.policy.request import Value

_MADE_WITHOUT = frozenset(("CreateMultipartUpload", "UploadPart", "UploadPartCopy"))
"""Operations that need s3:PutObject and make no object."""
_MOST_TAGS = 50


def of_version(check: Check, version: str) -> Check:
    return replace(check, keys={**check.keys, "s3:versionid": version})


def _is_source(asked: Asked, check: Check) -> bool:
    return "CopySource" in asked.members and check.action.startswith("s3:GetObject")


def _encryption(asked: Asked, check: Check) -> Value | None:
    if asked.operation == "UpdateObjectEncryption":
        return "aws:kms" if structure(asked.members, "ObjectEncryption").get("SSEKMS") is not None else None
    return None if _is_source(asked, check) else text(asked.members, "ServerSideEncryption")


def _encryption_key(asked: Asked, check: Check) -> Value | None:
    if asked.operation == "UpdateObjectEncryption":
        return text(structure(structure(asked.members, "ObjectEncryption"), "SSEKMS"), "KMSKeyArn")
    return text(asked.members, "SSEKMSKeyId")


def _retention(name: str, header: str) -> Filler:
    """Of PutObjectRetention in the body, of others in a header."""

    def filled(asked: Asked, check: Check) -> Value | None:
        retention = structure(asked.members, "Retention")
        return value_of(retention.get(name) if retention else asked.members.get(header))

    return filled


def _legal_hold(asked: Asked, check: Check) -> Value | None:
    return text(structure(asked.members, "LegalHold"), "Status") or text(asked.members, "ObjectLockLegalHoldStatus")


def _copy_source(asked: Asked, check: Check) -> Value | None:
    given = text(asked.members, "CopySource")
    if given is None:
        return None
    source = copy_source(given)
    return f"{source.bucket}/{source.key}"


def _location(asked: Asked, check: Check) -> Value | None:
    return text(structure(asked.members, "CreateBucketConfiguration"), "LocationConstraint")


def _optional_fields(asked: Asked, check: Check) -> Value | None:
    return texts(structure(asked.members, "InventoryConfiguration"), "OptionalFields") or None


def _makes_object(asked: Asked, check: Check) -> Value | None:
    return "false" if asked.operation in _MADE_WITHOUT else "true"


def _version(asked: Asked, check: Check) -> Value | None:
    return None if _is_source(asked, check) else text(asked.members, "VersionId")


def _object_tags(asked: Asked) -> Mapping[str, str]:
    """Those of PutObjectTagging stand in the body, those of what makes an object in a header."""
    given = asked.members.get("Tagging")
    if isinstance(given, str):
        found = _in_header(given)
    else:
        found = dict(pairs(structures(structure(asked.members, "Tagging"), "TagSet")))
    return found


def _in_header(given: str) -> dict[str, str]:
    try:
        listed = parse_qsl(
            given, keep_blank_values=True, strict_parsing=bool(given), max_num_fields=_MOST_TAGS, errors="strict"
        )
    except ValueError:
        raise _bad_tags() from None
    found = dict(listed)
    if len(found) != len(listed):
        raise _bad_tags()
    return found


def _bad_tags() -> Refused:
    return Refused(
        "InvalidArgument",
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
        "without tag name duplicates.",
    )


def _request_object_tags(asked: Asked, check: Check) -> Mapping[str, Value]:
    return dict(_object_tags(asked))


def _request_object_tag_keys(asked: Asked, check: Check) -> Value | None:
    return tuple(_object_tags(asked)) or None


def _bucket_tags(asked: Asked, check: Check) -> Mapping[str, Value]:
    """The tags that CreateBucket gives the new bucket, as condition keys."""
    return dict(pairs(structures(structure(asked.members, "CreateBucketConfiguration"), "Tags")))


def _bucket_tag_keys(asked: Asked, check: Check) -> Value | None:
    return tuple(_bucket_tags(asked, check)) or None


def _no_tags(asked: Asked, check: Check) -> Mapping[str, Value]:
    """Tags of buckets are in no request unless the bucket has ABAC enabled: `buckets.bucket_tags` adds them then.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
    """
    return {}


KEYS: Mapping[str, Filler] = {
    "aws:TagKeys": _bucket_tag_keys,
    "s3:InventoryAccessibleOptionalFields": _optional_fields,
    "s3:ObjectCreationOperation": _makes_object,
    "s3:RequestObjectTagKeys": _request_object_tag_keys,
    "s3:annotation-prefix": member("AnnotationPrefix"),
    "s3:delimiter": member("Delimiter"),
    "s3:if-match": member("IfMatch"),
    "s3:if-none-match": member("IfNoneMatch"),
    "s3:locationconstraint": _location,
    "s3:max-annotation-results": member("MaxAnnotationResults"),
    "s3:max-keys": member("MaxKeys"),
    "s3:object-lock-event-hold": member("ObjectLockEventHold"),
    "s3:object-lock-event-hold-duration-days": member("ObjectLockEventHoldDurationDays"),
    "s3:object-lock-legal-hold": _legal_hold,
    "s3:object-lock-mode": _retention("Mode", "ObjectLockMode"),
    "s3:object-lock-retain-until-date": _retention("RetainUntilDate", "ObjectLockRetainUntilDate"),
    "s3:prefix": member("Prefix"),
    "s3:versionid": _version,
    "s3:x-amz-acl": member("ACL"),
    "s3:x-amz-bucket-namespace": member("BucketNamespace"),
    "s3:x-amz-copy-source": _copy_source,
    "s3:x-amz-grant-full-control": member("GrantFullControl"),
    "s3:x-amz-grant-read": member("GrantRead"),
    "s3:x-amz-grant-read-acp": member("GrantReadACP"),
    "s3:x-amz-grant-write": member("GrantWrite"),
    "s3:x-amz-grant-write-acp": member("GrantWriteACP"),
    "s3:x-amz-metadata-directive": member("MetadataDirective"),
    "s3:x-amz-object-annotation-directive": member("AnnotationDirective"),
    "s3:x-amz-object-if-match": member("ObjectIfMatch"),
    "s3:x-amz-object-ownership": member("ObjectOwnership"),
    "s3:x-amz-server-side-encryption": _encryption,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _encryption_key,
    "s3:x-amz-server-side-encryption-customer-algorithm": member("SSECustomerAlgorithm"),
    "s3:x-amz-storage-class": member("StorageClass"),
    "s3:x-amz-website-redirect-location": member("WebsiteRedirectLocation"),
    # Of access points: `gateway.through` tells them of requests that come through one.
    "s3:AccessGrantsInstanceArn": constant(None),
    "s3:AccessPointNetworkOrigin": constant(None),
    "s3:DataAccessPointAccount": constant(None),
    "s3:DataAccessPointArn": constant(None),
}
TEMPLATES: Mapping[str, TemplateFiller] = {
    "aws:RequestTag/${TagKey}": _bucket_tags,
    "aws:ResourceTag/${TagKey}": _no_tags,
    "s3:AccessPointTag/${TagKey}": _no_tags,
    "s3:BucketTag/${TagKey}": _no_tags,
    "s3:RequestObjectTag/<key>": _request_object_tags,
}
