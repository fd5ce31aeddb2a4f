"""The settings of a new bucket: its name, its Region, its Object Ownership, its Block Public Access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from carnet.base.faults import Refused
from carnet.catalog.regions import REGION_FORM
from carnet.entities.bucket import DEFAULT_REGION, Bucket, BucketState, ObjectOwnership
from carnet.entities.new_buckets import NewBuckets
from carnet.entities.public_access_block import EVERYTHING_BLOCKED
from carnet.gateway.buckets.acl import acl_without_ownership, asked_acl, asked_ownership, is_public, private
from carnet.gateway.buckets.tag_sets import S3, read_tags
from carnet.gateway.checks.check import Scope
from carnet.server.own_pages import SEGMENTS
from carnet.server.own_paths import API_SEGMENTS, OLD_HEALTH_PATH

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]", re.ASCII)
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)
_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_OWN = SEGMENTS | API_SEGMENTS | {OLD_HEALTH_PATH.lstrip("/")}
"""Nobody's bucket has the name of a path that is Carnet's own."""
_REGION = re.compile(REGION_FORM, re.ASCII)
_EU = "eu-west-1"
_CONFIGURATION = "CreateBucketConfiguration"
_SENT_ON = ("Bucket", _CONFIGURATION, "ObjectLockEnabledForBucket")


def new_bucket(members: Mapping[str, Any], scope: Scope, *, new: NewBuckets, upstream: str, now: datetime) -> Bucket:
    """The bucket of a CreateBucket request, pending. Raises Refused."""
    name = members["Bucket"]
    check_name(name)
    if members.get("BucketNamespace") not in (None, "global"):
        raise Refused("NotImplemented", "Only the global namespace of buckets is kept here.")
    legacy = new is NewBuckets.LEGACY
    given = members.get("ObjectOwnership")
    ownership = asked_ownership(given) or (ObjectOwnership.WRITER if legacy else ObjectOwnership.ENFORCED)
    if given not in (None, ownership):
        raise Refused("InvalidArgument", f"Invalid x-amz-object-ownership header: {given}")
    acl = asked_acl(members, scope.account)
    block = None if legacy else EVERYTHING_BLOCKED
    if acl is not None and acl != private(scope.account):
        if ownership is ObjectOwnership.ENFORCED:
            raise acl_without_ownership()
        if block is not None and is_public(acl):
            raise Refused(
                "InvalidBucketAclWithBlockPublicAccessError",
                "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
            )
    return Bucket(
        partition=scope.partition,
        name=name,
        account=scope.account,
        region=_region(members, scope.region),
        created=now,
        state=BucketState.PENDING,
        upstream=upstream,
        ownership=ownership,
        block=block,
        acl=acl or private(scope.account),
        tags=read_tags((members.get(_CONFIGURATION) or {}).get("Tags") or (), S3),
    )


def sent_on(members: Mapping[str, Any]) -> dict[str, Any]:
    """The part of CreateBucket that is sent to the upstream: neither Object Ownership, nor an ACL, nor tags."""
    told = {name: members[name] for name in _SENT_ON if name in members}
    if _CONFIGURATION in told:
        rest = {name: value for name, value in told.pop(_CONFIGURATION).items() if name != "Tags"}
        told |= {_CONFIGURATION: rest} if rest else {}
    return told


def check_name(name: str) -> None:
    """Raises Refused for a name that AWS does not accept, or that begins as Carnet's own paths."""
    if (
        not _NAME.fullmatch(name)
        or _ADDRESS.fullmatch(name)
        or name.startswith(_BEGINNINGS)
        or name.endswith(_ENDS)
        or name in _OWN
    ):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")


def region_of(location: str) -> str:
    """The Region that a location constraint names: EU is an older name, and none is the Region that has none."""
    return _EU if location == "EU" else location or DEFAULT_REGION


def _region(members: Mapping[str, Any], asked_in: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html"""
    given = (members.get(_CONFIGURATION) or {}).get("LocationConstraint")
    if given == DEFAULT_REGION and asked_in not in (DEFAULT_REGION, ""):
        raise _incompatible_location(given)
    if given is not None and (given == DEFAULT_REGION or not (given == "EU" or _REGION.fullmatch(given))):
        raise Refused("InvalidLocationConstraint", "The specified location-constraint is not valid")
    region = region_of(given or "")
    if asked_in not in (region, DEFAULT_REGION, ""):
        raise _incompatible_location(given or "unspecified")
    return region


def _incompatible_location(location: str) -> Refused:
    return Refused(
        "IllegalLocationConstraintException",
        f"The {location} location constraint is incompatible for the region specific endpoint this request was sent "
        "to.",
    )
