"""Which access point a request names, if it names one in the place of a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-access-points.html

SDKs put an access point that is named by its ARN in front of the host as `NAME-123456789012`, which could be the name
of a bucket, too. INVARIANT: such a host leads only to the account whose id it has, so that nobody gets requests for
an access point by creating a bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import ALIAS_END, AccessPoint
from carnet.entities.bucket import bucket_arn
from carnet.gateway.buckets.access_points import account_in, in_host, is_access_point_arn, with_alias, with_arn
from carnet.gateway.buckets.bucket_policies import bucket_in
from carnet.gateway.checks.check import Scope
from carnet.gateway.checks.services.s3_names import copy_source
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.hosts import Label
from carnet.gateway.s3_sentences import BUCKET_MISSING, METHOD_NOT_ALLOWED
from carnet.protocols.s3_routing import S3Route

TAKEN = frozenset(
    (
        *("AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject"),
        *("DeleteObjectTagging", "DeleteObjects", "GetBucketAcl", "GetBucketCors", "GetBucketLocation"),
        *("GetBucketNotificationConfiguration", "GetBucketPolicy", "GetObject", "GetObjectAcl", "GetObjectAttributes"),
        *("GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging", "HeadBucket", "HeadObject"),
        *("ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2", "ListParts", "PutObject"),
        *("PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging", "RestoreObject"),
        *("UploadPart", "UploadPartCopy"),
    )
)
"""Operations that an access point takes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-service-api-support.html
"""
_SOURCE = "CopySource"


class Aimed(NamedTuple):
    """A request, with the bucket that it is about."""

    route: S3Route
    point: AccessPoint | None


def aimed(snapshot: Snapshot, route: S3Route, label: Label | None, scope: Scope) -> Aimed:
    """The route with the bucket of the access point that it names; `label` is what stands in front of the host.

    Raises S3Fault for an access point that does not exist, and for an operation that access points do not take.
    """
    name = route.path.bucket
    if name is None:
        return Aimed(route, None)
    point = _point_named(snapshot, name, label, scope)
    if point is None:
        return Aimed(route, None)
    _check_bucket(snapshot, point)
    if route.operation not in TAKEN:
        raise _not_taken()
    return Aimed(replace(route, path=replace(route.path, bucket=point.bucket)), point)


def with_aimed_source(
    snapshot: Snapshot, given: Mapping[str, Any], scope: Scope
) -> tuple[Mapping[str, Any], AccessPoint | None]:
    """The input of a copy whose source is named by its bucket, and the access point that it was named by.

    Raises S3Fault as `aimed`, and `check.Refused` for a text that is no source.
    """
    header = given.get(_SOURCE)
    if header is None:
        return given, None
    source = copy_source(header)
    if source.bucket.endswith(ALIAS_END):
        point = with_alias(snapshot, source.bucket)
    elif is_access_point_arn(source.bucket):
        point = with_arn(snapshot, source.bucket)
    else:
        return given, None
    point = _in_partition(point, scope)
    _check_bucket(snapshot, point)
    return {**given, _SOURCE: replace(source, bucket=point.bucket).header}, point


def refuse_form(point: AccessPoint | None) -> None:
    """Raises S3Fault for a form that a browser posts to an access point."""
    if point is not None:
        raise _not_taken()


def _not_taken() -> S3Fault:
    return S3Fault("MethodNotAllowed", METHOD_NOT_ALLOWED)


def _point_named(snapshot: Snapshot, name: str, label: Label | None, scope: Scope) -> AccessPoint | None:
    if name.endswith(ALIAS_END):
        return _in_partition(with_alias(snapshot, name), scope)
    if label is None:
        return None
    found = in_host(snapshot, name, label.region or scope.region)
    if found is not None:
        return _in_partition(found, scope)
    if label.is_access_point:
        raise no_such_access_point(name)
    account, bucket = account_in(name, snapshot), bucket_in(snapshot, bucket_arn(scope.partition, name))
    if account is not None and bucket is not None and bucket.account != account:
        raise no_such_access_point(name)
    return None


def _in_partition(point: AccessPoint | None, scope: Scope) -> AccessPoint:
    """INVARIANT: of another partition than the caller's there is nothing."""
    if point is None or point.partition != scope.partition:
        raise no_such_access_point(None)
    return point


def no_such_access_point(name: str | None) -> S3Fault:
    told = {} if name is None else {"AccessPointName": name}
    return S3Fault("NoSuchAccessPoint", "The specified accesspoint does not exist", told)


def _check_bucket(snapshot: Snapshot, point: AccessPoint) -> None:
    """INVARIANT: who makes a bucket of the name of one that is gone gets nothing by its access points."""
    bucket = bucket_in(snapshot, bucket_arn(point.partition, point.bucket))
    if bucket is None or bucket.account != point.bucket_account:
        raise S3Fault("NoSuchBucket", BUCKET_MISSING)
