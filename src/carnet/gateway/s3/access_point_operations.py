"""The operations on access points: what each says of one, and what it makes of it. No upstream is told.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-access-points.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from carnet.directory.account_view import AccountView
from carnet.entities.access_point import ALIAS_END, AccessPoint, access_point_alias, access_point_arn
from carnet.entities.bucket import Bucket, bucket_arn
from carnet.entities.public_access_block import EVERYTHING_BLOCKED
from carnet.gateway.access_point_policies import as_policy, block_of_bucket, own_block
from carnet.gateway.access_points import MOST_ACCESS_POINTS
from carnet.gateway.bucket_operations import prevented, read_block, shown_block
from carnet.gateway.bucket_policies import bucket_in
from carnet.gateway.bucket_policy_text import malformed, read_access_point_policy, with_accounts
from carnet.gateway.buckets import owned_bucket
from carnet.gateway.check import Check
from carnet.gateway.s3.access_point_tags import read_tags, tag_keys, with_tags, without_tags
from carnet.gateway.s3.control_call import Asked, Checks, Edit, Members, Rule, of_account
from carnet.gateway.s3.faults import S3Fault, not_implemented
from carnet.gateway.services.s3_names import ACCESS_POINT
from carnet.gateway.through import keys_of, tags_of
from carnet.policy.document import Grammar
from carnet.policy.public import is_public
from carnet.policy.request import Value
from carnet.services.bound_principals import NoSuchPrincipal, bound, shown
from carnet.services.documents import parse_once

_WRITTEN = re.compile(r"[a-z0-9.-]{3,50}", re.ASCII)
_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,48}[a-z0-9]", re.ASCII)
_VPC = re.compile(r"[A-Za-z0-9-]{1,1024}", re.ASCII)
_BLOCK, _TAGS, _BUCKET = "PublicAccessBlockConfiguration", "Tags", "Bucket"
_MOST_LISTED = 1_000


# What requests need


def _new(asked: Asked) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html"""
    arn, tags = _arn(asked), read_tags(asked.members.get(_TAGS) or [])
    vpc = asked.members.get("VpcConfiguration")
    keys: dict[str, Value] = {
        "s3:AccessPointNetworkOrigin": "Internet" if vpc is None else "VPC",
        "s3:DataAccessPointAccount": asked.scope.account,
        "s3:DataAccessPointArn": arn,
        "s3:locationconstraint": asked.scope.region,
        **tag_keys(tags),
    }
    yield _on(asked, "CreateAccessPoint", arn, keys)
    if asked.members.get(_BLOCK) is not None:
        yield _on(asked, "PutAccessPointPublicAccessBlock", arn, keys)
    if tags:
        yield _on(asked, "TagResource", arn, keys)


def _on(asked: Asked, action: str, arn: str, keys: Mapping[str, Value]) -> Check:
    known = {**asked.keys, "s3:ResourceAccount": asked.scope.account, **keys}
    return Check(action=f"s3:{action}", resource=arn, account=asked.scope.account, type=ACCESS_POINT, keys=known)


def _named(action: str) -> Checks:
    """An action on the access point that a request names, whether or not it is there."""

    def checks(asked: Asked) -> Iterator[Check]:
        point = _found(asked)
        keys = {} if point is None else {**keys_of(point), **tags_of(point)}
        if _TAGS in asked.members:
            keys |= tag_keys(read_tags(asked.members[_TAGS]))
        if "TagKeys" in asked.members:
            keys["aws:TagKeys"] = tuple(asked.members["TagKeys"])
        yield _on(asked, action, _arn(asked), keys)

    return checks


def _arn(asked: Asked) -> str:
    """Of what a request names. Raises S3Fault for what can be no access point of the account."""
    given = asked.members.get("ResourceArn")
    if given is None:
        name = asked.members["Name"]
        if not _WRITTEN.fullmatch(name):
            raise S3Fault("InvalidURI", "Couldn't parse the specified URI.", {"URI": f"accesspoint/{name}"})
        return access_point_arn(asked.scope.partition, asked.scope.region, asked.scope.account, name)
    beginning, _, name = given.rpartition("/")
    here = access_point_arn(asked.scope.partition, asked.scope.region, asked.scope.account, "")
    if f"{beginning}/" != here or not _WRITTEN.fullmatch(name):
        raise not_implemented("of Amazon S3's control API, tags of access points of the Region alone are kept here")
    return str(given)


def _view(asked: Asked) -> AccountView:
    return asked.snapshot.accounts[asked.scope.account]


def _found(asked: Asked) -> AccessPoint | None:
    return _view(asked).of(AccessPoint).get(_arn(asked))


def _point(asked: Asked) -> AccessPoint:
    found = _found(asked)
    if found is None:
        name = {"AccessPointName": _arn(asked).rpartition("/")[2]}
        raise S3Fault("NoSuchAccessPoint", "The specified accesspoint does not exist", name)
    return found


# Access points


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
    bucket, block = _bucket(asked), members.get(_BLOCK)
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


def _bucket(asked: Asked) -> Bucket:
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
    if _found(asked) is not None:
        told = "Your previous request to create the named accesspoint succeeded and you already own it."
        raise S3Fault("AccessPointAlreadyOwnedByYou", told)
    if len(_view(asked).of(AccessPoint)) >= MOST_ACCESS_POINTS:
        raise S3Fault("TooManyAccessPoints", "You have attempted to create more access points than allowed")
    in_host = f"{name}-{asked.scope.account}"
    if bucket_in(asked.snapshot, bucket_arn(asked.scope.partition, in_host)) is not None:
        told = f"There is a bucket {in_host}, and SDKs name the access point so in hosts. Choose another name."
        raise S3Fault("InvalidRequest", told)


def _get(asked: Asked) -> Members:
    point = _point(asked)
    return {
        **_shown(point),
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


def _shown(point: AccessPoint) -> dict[str, Any]:
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
    """Those of the Region, by name."""
    members, points = asked.members, _view(asked).of(AccessPoint)
    if members.get("DataSourceId") is not None or members.get("DataSourceType") not in (None, "S3", "ALL"):
        raise S3Fault("NotImplemented", "Access points of other data sources than buckets are not kept.")
    most = members.get("MaxResults") or _MOST_LISTED
    if not 1 <= most <= _MOST_LISTED:
        raise S3Fault("InvalidRequest", f"MaxResults must be an integer between 1 and {_MOST_LISTED}")
    after, bucket = _read_token(members.get("NextToken")), members.get(_BUCKET)
    every = points.sorted() if bucket is None else points.referring("bucket", bucket_arn(asked.scope.partition, bucket))
    fitting = (one for one in every if one.region == asked.scope.region and one.name > after)
    page = list(islice(fitting, most))
    answer: dict[str, Any] = {"AccessPointList": [_shown(point) for point in page]}
    if next(fitting, None) is not None:
        answer["NextToken"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
    return answer


def _read_token(token: str | None) -> str:
    try:
        return "" if token is None else base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise S3Fault("InvalidRequest", "Invalid nextToken") from None


# Their policies


def _put_policy(asked: Asked) -> Edit:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutAccessPointPolicy.html"""
    point, text = _point(asked), asked.members["Policy"]
    policy = read_access_point_policy(text, point.partition, point.arn)
    text = with_accounts(text, point.partition)
    if text != asked.members["Policy"]:
        policy = parse_once(text, Grammar.RESOURCE, point.partition)
    block = own_block(asked.snapshot, point)
    if point.account == point.bucket_account:
        block = block.with_(block_of_bucket(asked.snapshot, point))
    if is_public(policy) and block.block_public_policy:
        raise prevented(asked.principal, point.arn, "s3:PutAccessPointPolicy", "policies", "BlockPublicPolicy")
    try:
        made = bound(asked.snapshot, _view(asked), policy, text)
    except NoSuchPrincipal:
        raise malformed("Invalid principal in policy") from None
    return Edit(point, replace(point, policy=made.text, principal_ids=made.ids))


def _policy_of(point: AccessPoint) -> str:
    if point.policy is None:
        told = {"AccessPointName": point.name}
        raise S3Fault("NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", told)
    return point.policy


def _get_policy(asked: Asked) -> Members:
    point = _point(asked)
    return {"Policy": shown(asked.snapshot, _policy_of(point), point.principal_ids)}


def _get_policy_status(asked: Asked) -> Members:
    point = _point(asked)
    _policy_of(point)
    policy = as_policy(point)
    return {"PolicyStatus": {"IsPublic": policy is not None and is_public(policy)}}


def _delete_policy(asked: Asked) -> Edit:
    point = _point(asked)
    _policy_of(point)
    return Edit(point, replace(point, policy=None, principal_ids={}))


# Their tags


def _tag(asked: Asked) -> Edit:
    point = _point(asked)
    return Edit(point, replace(point, tags=with_tags(point.tags, read_tags(asked.members[_TAGS]))))


def _untag(asked: Asked) -> Edit:
    point = _point(asked)
    return Edit(point, replace(point, tags=without_tags(point.tags, asked.members["TagKeys"])))


def _list_tags(asked: Asked) -> Members:
    return {_TAGS: [{"Key": key, "Value": value} for key, value in _point(asked).tags.items()]}


ACCESS_POINTS: Mapping[str, Rule] = {
    "CreateAccessPoint": Rule(_new, write=_create),
    "DeleteAccessPoint": Rule(_named("DeleteAccessPoint"), write=lambda asked: Edit(_point(asked), None)),
    "DeleteAccessPointPolicy": Rule(_named("DeleteAccessPointPolicy"), write=_delete_policy),
    "GetAccessPoint": Rule(of_account("GetAccessPoint"), read=_get),
    "GetAccessPointPolicy": Rule(_named("GetAccessPointPolicy"), read=_get_policy),
    "GetAccessPointPolicyStatus": Rule(_named("GetAccessPointPolicyStatus"), read=_get_policy_status),
    "ListAccessPoints": Rule(of_account("ListAccessPoints"), read=_list),
    "ListTagsForResource": Rule(_named("ListTagsForResource"), read=_list_tags),
    "PutAccessPointPolicy": Rule(_named("PutAccessPointPolicy"), write=_put_policy),
    "TagResource": Rule(_named("TagResource"), write=_tag),
    "UntagResource": Rule(_named("UntagResource"), write=_untag),
}
