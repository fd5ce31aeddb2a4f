"""The policies that apply to an access point, and the Block Public Access settings for requests through it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html
"""

from __future__ import annotations

import json

from carnet.access.documents import bound_policy, stored_policy
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import AccessPoint
from carnet.entities.bucket import Bucket, bucket_arn
from carnet.entities.public_access_block import NO_BLOCK, PublicAccessBlock
from carnet.gateway.buckets.account_public_access import block_of_account
from carnet.gateway.buckets.bucket_policies import blocked
from carnet.policy.document import Grammar, Policy
from carnet.policy.policies import ResourcePolicy
from carnet.policy.public import is_public, without_allows
from carnet.policy.request import Principal, PrincipalKind


def as_policy(point: AccessPoint) -> Policy | None:
    """The access point's policy in the form that decisions use; None if there is none."""
    if point.policy is None:
        return None
    return bound_policy(point.policy, Grammar.RESOURCE, point.arn, point.principal_ids)


def own_block(snapshot: Snapshot, point: AccessPoint) -> PublicAccessBlock:
    """The Block Public Access settings of an access point: its own, and those of its owner's account."""
    return point.block.with_(block_of_account(snapshot, point.account) or NO_BLOCK)


def block_of_bucket(snapshot: Snapshot, point: AccessPoint) -> PublicAccessBlock:
    """The Block Public Access settings of an access point's bucket; none for a bucket that does not exist."""
    bucket = snapshot.named(Bucket, bucket_arn(point.partition, point.bucket))
    return blocked(snapshot, bucket) if bucket is not None else NO_BLOCK


def policies_of_access_point(
    snapshot: Snapshot, point: AccessPoint, principal: Principal
) -> tuple[ResourcePolicy, ...]:
    """Those that count if that principal asks for something through it.

    RestrictPublicBuckets, of the access point, the bucket or the account of either: a public policy allows nothing to
    other accounts. An access point of a VPC denies every request from outside the VPC. INVARIANT: a request that does
    not say from which VPC it comes is from outside.
    """
    found = []
    policy = as_policy(point)
    if policy is not None:
        own = principal.account == point.account or principal.kind is PrincipalKind.SERVICE
        block = own_block(snapshot, point).with_(block_of_bucket(snapshot, point))
        restricted = not own and block.restrict_public_buckets and is_public(policy)
        found.append(ResourcePolicy(policy=without_allows(policy) if restricted else policy, account=point.account))
    if point.vpc is not None:
        found.append(ResourcePolicy(policy=_from_elsewhere(point), account=point.account))
    return tuple(found)


def _from_elsewhere(point: AccessPoint) -> Policy:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-vpc.html"""
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:SourceVpc": point.vpc}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": denied})
    return stored_policy(text, Grammar.RESOURCE, f"network origin of {point.arn}")
