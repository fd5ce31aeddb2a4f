"""The operations on access points, which Carnet answers without an upstream.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-access-points.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from carnet.entities.access_point import ALIAS_END, AccessPoint, access_point_alias
from carnet.entities.bucket import Bucket, bucket_arn
from carnet.entities.public_access_block import EVERYTHING_BLOCKED
from carnet.gateway.buckets.access_points import MOST_ACCESS_POINTS
from carnet.gateway.buckets.bucket_operations import read_block, shown_block
from carnet.gateway.buckets.bucket_policies import bucket_in
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.buckets.tag_sets import read_tags, tag_keys
from carnet.gateway.checks.check import Check
from carnet.gateway.s3.access_point_targets import arn_of, found_by, named, on, point_of, view_of
from carnet.gateway.s3.control_call import Asked, Edit, Members, Rule, of_account
from carnet.gateway.s3.faults import S3Fault
from carnet.policy.request import Value

_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,48}[a-z0-9]", re.ASCII)
_VPC = re.compile(r"[A-Za-z0-9-]{1,1024}", re.ASCII)
_BLOCK, _TAGS, _BUCKET = "PublicAccessBlockConfiguration", "Tags", "Bucket"
_MOST_LISTED = 1_000


def _new(asked: Asked) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html"""
    arn, tags = arn_of(asked), read_tags(asked.members.get(_TAGS) or [])
    vpc = asked.members.get("VpcConfiguration")
    keys: dict[str, Value] = {
        "s3:AccessPointNetworkOrigin": "Internet" if vpc is None else "VPC",
        "s3:DataAccessPointAccount": asked.scope.account,
        "s3:DataAccessPointArn": arn,
        "s3:locationconstraint": asked.scope.region,
        **tag_keys(tags),
    }
    yield on(asked, "CreateAccessPoint", arn, keys)
    if asked.members.get(_BLOCK) is not None:
        yield on(asked, "PutAccessPointPublicAccessBlock", arn, keys)
    if tags:
        yield on(asked, "TagResource", arn, keys)


def _create(asked: Asked) -> Edit:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateAccessPoint.html"""
    members, scope = asked.members, asked.scope
    name, vpc = members["Name"], members.get("VpcConfiguration")
    if not _NAME.fullmatch(name) or name.endswith(ALIAS_END):
        raise S3Fault("InvalidRequest", "Your Amazon S3 AccessPoint name is invalid")
    if members.get("Scope") is not None:
        raise S3Fault("InvalidRequest", "Scope is only supported for access points attached to directory buckets.")
    if vpc is not None and not _VPC.fullmatch(vpc.get("VpcId", "")):
        raise S3Fault("InvalidRequest", "Request invalid")
    bucket, block = _bucket_of(asked), members.get(_BLOCK)
    _check_free(asked, name)
    point = AccessPoint(
        partition=scope.partition,
        account=scope.account,
        region=scope.region,
        name=name,
        alias=access_point_alias(name, asked.drawn),
        bucket=bucket.name,
        bucket_account=bucket.account,
        created=asked.now,
        vpc=None if vpc is None else vpc["VpcId"],
        block=EVERYTHING_BLOCKED if block is None else read_block(block),
        tags=read_tags(members.get(_TAGS) or []),
    )
    return Edit(None, point, {"AccessPointArn": point.arn, "Alias": point.alias})


def _bucket_of(asked: Asked) -> Bucket:
    """The bucket that an access point is to be of. That of another account has to be said to be that account's."""
    arn = bucket_arn(asked.scope.partition, asked.members[_BUCKET])
    if bucket_in(asked.snapshot, arn) is None:
        raise S3Fault("InvalidRequest", "Amazon S3 AccessPoint can only be created for existing bucket")
    bucket = owned_bucket(asked.snapshot, arn)
    if bucket.account != asked.members.get("BucketAccountId", asked.scope.account):
        told = "BucketAccountId parameter should be same as the AWS Account Id of bucket owner"
        raise S3Fault("InvalidRequest", told)
    if bucket.region != asked.scope.region:
        raise S3Fault("InvalidRequest", "Amazon S3 AccessPoint can only be created for bucket in the same region")
    return bucket


def _check_free(asked: Asked, name: str) -> None:
    """INVARIANT: a host in which SDKs put the access point names no bucket (`aiming`)."""
    if found_by(asked) is not None:
        told = "Your previous request to create the named accesspoint succeeded and you already own it."
        raise S3Fault("AccessPointAlreadyOwnedByYou", told)
    if len(view_of(asked).of(AccessPoint)) >= MOST_ACCESS_POINTS:
        raise S3Fault("TooManyAccessPoints", "You have attempted to create more access points than allowed")
    in_host = f"{name}-{asked.scope.account}"
    if bucket_in(asked.snapshot, bucket_arn(asked.scope.partition, in_host)) is not None:
        told = f"There is a bucket {in_host}, and SDKs name the access point so in hosts. Choose another name."
        raise S3Fault("InvalidRequest", told)


def _get(asked: Asked) -> Members:
    point = point_of(asked)
    return {
        **_access_point_members(point),
        _BLOCK: shown_block(point.block),
        "CreationDate": point.created,
        "Endpoints": _endpoints(point.region),
    }


def _endpoints(region: str) -> dict[str, str]:
    """As AWS names them. This server answers requests to them, if the names lead here."""
    return {
        "dualstack": f"s3-accesspoint.dualstack.{region}.amazonaws.com",
        "fips": f"s3-accesspoint-fips.{region}.amazonaws.com",
        "fips_dualstack": f"s3-accesspoint-fips.dualstack.{region}.amazonaws.com",
        "ipv4": f"s3-accesspoint.{region}.amazonaws.com",
    }


def _access_point_members(point: AccessPoint) -> dict[str, Any]:
    shown: dict[str, Any] = {"Name": point.name, "NetworkOrigin": point.origin}
    if point.vpc is not None:
        shown["VpcConfiguration"] = {"VpcId": point.vpc}
    return shown | {
        _BUCKET: point.bucket,
        "AccessPointArn": point.arn,
        "Alias": point.alias,
        "BucketAccountId": point.bucket_account,
    }


def _list(asked: Asked) -> Members:
    """The access points of the Region, by name."""
    members, points = asked.members, view_of(asked).of(AccessPoint)
    if members.get("DataSourceId") is not None or members.get("DataSourceType") not in (None, "S3", "ALL"):
        raise S3Fault("NotImplemented", "Access points of other data sources than buckets are not kept.")
    most = members.get("MaxResults") or _MOST_LISTED
    if not 1 <= most <= _MOST_LISTED:
        raise S3Fault("InvalidRequest", f"MaxResults must be an integer between 1 and {_MOST_LISTED}")
    after, bucket = _read_token(members.get("NextToken")), members.get(_BUCKET)
    every = points.sorted() if bucket is None else points.referring("bucket", bucket_arn(asked.scope.partition, bucket))
    fitting = (one for one in every if one.region == asked.scope.region and one.name > after)
    page = list(islice(fitting, most))
    answer: dict[str, Any] = {"AccessPointList": [_access_point_members(point) for point in page]}
    if next(fitting, None) is not None:
        answer["NextToken"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
    return answer


def _read_token(token: str | None) -> str:
    try:
        return "" if token is None else base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise S3Fault("InvalidRequest", "Invalid nextToken") from None


ACCESS_POINTS: Mapping[str, Rule] = {
    "CreateAccessPoint": Rule(_new, write=_create),
    "DeleteAccessPoint": Rule(named("DeleteAccessPoint"), write=lambda asked: Edit(point_of(asked), None)),
    "GetAccessPoint": Rule(of_account("GetAccessPoint"), read=_get),
    "ListAccessPoints": Rule(of_account("ListAccessPoints"), read=_list),
}
