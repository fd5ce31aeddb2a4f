"""Names of buckets and objects, and the header that names the source of a copy."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from carnet.catalog import actions
from carnet.gateway.checks.check import Refused

BUCKET, OBJECT = "bucket", "object"
ACCESS_POINT, OBJECT_THROUGH = "accesspoint", "accesspointobject"
"""Resource types of requests through an access point."""
_ARN, _OF_OBJECT = "arn:", "/object/"
_BUCKET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){1,253}[A-Za-z0-9]", re.ASCII)
_LONGEST_KEY = 1_024
_VERSION = "versionId="
_VERSION_ID = re.compile(r"[A-Za-z0-9._+/=-]{1,1024}", re.ASCII)
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;:@=/-]|%[0-9A-Fa-f]{2})+", re.ASCII)


class Source(Struct, frozen=True, kw_only=True):
    """The source object of a copy."""

    bucket: str
    """Or the ARN of an access point."""
    key: str
    version: str | None

    @property
    def header(self) -> str:
        """In the one form that upstreams are sent."""
        path = quote(f"{self.bucket}/{self.key}", safe="/-_.~")
        return path if self.version is None else f"{path}?{_VERSION}{quote(self.version, safe='')}"


@lru_cache(1024)
def bucket_arn(partition: str, bucket: str) -> str:
    """The ARN of a bucket; access points are told by ARNs and aliases, which are not read here.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if not _BUCKET.fullmatch(bucket) or bucket.endswith(("-s3alias", "--ol-s3", "--x-s3", ".mrap")):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")
    return f"arn:{partition}:s3:::{bucket}"


def object_arn(partition: str, bucket: str, key: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

    Raises Refused.
    """
    if not key or "\0" in key:
        raise Refused("InvalidArgument", "The specified key is not valid.")
    try:
        length = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        raise Refused("InvalidArgument", "The specified key is not valid.") from None
    if length > _LONGEST_KEY:
        raise Refused("KeyTooLongError", "Your key is too long")
    return f"{bucket_arn(partition, bucket)}/{key}"


MANAGED_KEY = "alias/aws/s3"
"""The key of AWS KMS that Amazon S3 uses if no other is named: of the account of who asks, as every alias."""


def encryption_context(on: str, *, bucket_key: bool) -> str:
    """What `aws:s3:arn` is for an object's ARN: a key of the bucket is made for all of its objects.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
    """
    return on.partition("/")[0] if bucket_key else on


def copy_source(header: str) -> Source:
    """`/bucket/key?versionId=id`, percent-encoded, a space also as `+`; `access point's ARN/object/key` likewise.

    Refused: another `?`, and what is not encoded.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html#API_CopyObject_RequestSyntax
    """
    path, mark, query = header.partition("?")
    version = query.removeprefix(_VERSION) if mark else None
    if version is not None and (not query.startswith(_VERSION) or not _VERSION_ID.fullmatch(version)):
        raise _bad_source()
    if not _ENCODED.fullmatch(path):
        raise _bad_source()
    try:
        decoded = unquote_to_bytes(path.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise _bad_source() from None
    if decoded.startswith(_ARN):
        bucket, _, key = decoded.partition(_OF_OBJECT)
        is_encoded = False
    else:
        bucket, _, key = decoded.removeprefix("/").partition("/")
        first, slash, _ = path.removeprefix("/").partition("/")
        is_encoded = bool(slash) and "%" in first
    if not key or is_encoded:
        raise _bad_source()
    return Source(bucket=bucket, key=key, version=version)


def _bad_source() -> Refused:
    message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey, percent-encoded"
    return Refused("InvalidArgument", message)


@lru_cache(128)
def versioned(action: str) -> str:
    """The action's name for a version of an object, if AWS has one."""
    name = action.replace("Object", "ObjectVersion", 1)
    return name if actions.action(f"s3:{name}") is not None else action
