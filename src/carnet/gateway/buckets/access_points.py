"""Finds the access points of buckets by alias, ARN or name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html
"""

from __future__ import annotations

import re

from carnet.base.arns import parse_arn
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import AccessPoint

MOST_ACCESS_POINTS = 10_000
"""The quota of one account in all Regions, since its buckets may be in any.

https://docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3"""
_IN_HOST = re.compile(r"(?P<name>.+)-(?P<account>[0-9]{12})", re.ASCII)
_KIND = "accesspoint/"


def with_alias(snapshot: Snapshot, alias: str) -> AccessPoint | None:
    """The access point of an alias, whoever owns it."""
    return snapshot.named(AccessPoint, alias)


def with_arn(snapshot: Snapshot, arn: str) -> AccessPoint | None:
    """The access point of exactly that ARN."""
    parts = parse_arn(arn)
    view = snapshot.account(parts.account) if parts is not None else None
    return view.of(AccessPoint).get(arn) if view is not None else None


def is_access_point_arn(text: str) -> bool:
    """Whether the text has the form of the ARN of an access point for buckets."""
    parts = parse_arn(text)
    return parts is not None and parts.service == "s3" and parts.resource.startswith(_KIND)


def account_in(label: str, snapshot: Snapshot) -> str | None:
    """The account in a host's name (`NAME-123456789012`), if an account has that id."""
    parts = _IN_HOST.fullmatch(label)
    return parts["account"] if parts is not None and snapshot.account(parts["account"]) is not None else None


def in_host(snapshot: Snapshot, label: str, region: str) -> AccessPoint | None:
    """The access point that SDKs put in front of a host as `NAME-123456789012`.

    An anonymous request names no Region: then the access point is found if no other Region has one of its name.
    """
    account = account_in(label, snapshot)
    if account is None:
        return None
    name = label.removesuffix(f"-{account}")
    found = [
        point
        for point in snapshot.accounts[account].of(AccessPoint).referring("name", name)
        if region in (point.region, "")
    ]
    return found[0] if len(found) == 1 else None


def would_be_taken_for(snapshot: Snapshot, bucket: str) -> AccessPoint | None:
    """The access point that is addressed by hosts with the name of this bucket."""
    account = account_in(bucket, snapshot)
    if account is None:
        return None
    found = snapshot.accounts[account].of(AccessPoint).referring("name", bucket.removesuffix(f"-{account}"))
    return next(iter(found), None)
