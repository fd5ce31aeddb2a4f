"""The policies that apply to a bucket and its objects: the bucket policy, and the ACLs of the bucket and of an object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from __future__ import annotations

from typing import NamedTuple

from carnet.access.documents import bound_policy
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Acl, Bucket, ObjectOwnership
from carnet.entities.object_acl import ObjectAcl
from carnet.entities.public_access_block import NO_BLOCK, PublicAccessBlock
from carnet.gateway.buckets.account_public_access import block_of_account
from carnet.gateway.buckets.acl import private, without_public
from carnet.gateway.buckets.acl_policies import acl_document, object_acl_document
from carnet.policy.document import Grammar, Policy
from carnet.policy.policies import ResourcePolicy
from carnet.policy.public import is_public, without_allows
from carnet.policy.request import Principal, PrincipalKind

_ROOTS_OWN = frozenset(("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"))
"""What no bucket policy takes from the root user of the account that owns the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
"""


class _Held(NamedTuple):
    """The policies of a bucket."""

    policy: ResourcePolicy | None
    denials: ResourcePolicy | None
    """What counts of the bucket policy for whom a public policy may allow nothing."""
    acl: ResourcePolicy | None


def bucket_in(snapshot: Snapshot, arn: str) -> Bucket | None:
    """The bucket in the ARN of a bucket or an object, pending or not. Only its name is looked at."""
    return snapshot.named(Bucket, arn.partition("/")[0])


def blocked(snapshot: Snapshot, bucket: Bucket) -> PublicAccessBlock:
    """The Block Public Access settings of a bucket: its own, and those of its owner's account. Raises Unavailable."""
    of_account = block_of_account(snapshot, bucket.account)
    own = bucket.block or NO_BLOCK
    return own.with_(of_account) if of_account is not None else own


def as_policy(bucket: Bucket) -> Policy | None:
    """The bucket policy in the form that decisions use; None if there is none."""
    if bucket.policy is None:
        return None
    return bound_policy(bucket.policy, Grammar.RESOURCE, bucket.arn, bucket.principal_ids)


def policies_of_bucket(
    snapshot: Snapshot,
    bucket: Bucket,
    principal: Principal,
    action: str,
    of_object: ObjectAcl | None = None,
    block: PublicAccessBlock = NO_BLOCK,
) -> tuple[ResourcePolicy, ...]:
    """Those that count if the principal asks for the action, on the bucket or what is in it.

    `of_object` is the ACL of the object, if it is not the default. The bucket policy allows nothing on an object that
    another account owns, because the policy belongs to the bucket's account. `block` has the switches that are on
    besides the bucket's own: those of the access point that the request came through.
    """
    block = blocked(snapshot, bucket).with_(block)
    held = _policies_of(snapshot.accounts[bucket.account], bucket, block)
    own = principal.account == bucket.account
    if own and principal.kind is PrincipalKind.ROOT and action in _ROOTS_OWN:
        policy = None
    elif own or principal.kind is PrincipalKind.SERVICE:
        policy = held.policy
    else:
        policy = held.denials
    acl = held.acl if of_object is None else _of_object(block, bucket, of_object)
    return tuple([one for one in (policy, acl) if one is not None])


def _of_object(block: PublicAccessBlock, bucket: Bucket, of_object: ObjectAcl) -> ResourcePolicy | None:
    """The ACL of an object, as a policy of its owner; None if it allows nobody anything."""
    acl = without_public(of_object.acl) if block.ignore_public_acls else of_object.acl
    text = object_acl_document(bucket.partition, acl)
    if text is None:
        return None
    policy = bound_policy(text, Grammar.RESOURCE, f"ACL of {of_object.object}", {})
    return ResourcePolicy(policy=policy, account=of_object.owner)


def _policies_of(view: AccountView, bucket: Bucket, block: PublicAccessBlock) -> _Held:
    """The policies of a bucket, remembered with its view and what is on, which an organization may say."""
    remembered = (_policies_of, bucket.arn, block)
    known: _Held | None = view.policy_memo.get(remembered)
    if known is None:
        known = view.policy_memo[remembered] = _derive_policies(block, bucket)
    return known


def _derive_policies(block: PublicAccessBlock, bucket: Bucket) -> _Held:
    """RestrictPublicBuckets: a public policy allows nobody of another account anything, named or not."""
    policy, policy_for_others = as_policy(bucket), None
    if policy is not None:
        restricted = block.restrict_public_buckets and is_public(policy)
        policy_for_others = without_allows(policy) if restricted else policy
    acl = without_public(bucket.acl) if block.ignore_public_acls else bucket.acl
    has_acl = bucket.ownership is not ObjectOwnership.ENFORCED and acl != private(bucket.account)
    return _Held(
        policy=_of_resource(policy, bucket),
        denials=_of_resource(policy_for_others, bucket),
        acl=_of_resource(_acl_policy(bucket, acl) if has_acl else None, bucket),
    )


def _acl_policy(bucket: Bucket, acl: Acl) -> Policy | None:
    text = acl_document(bucket, acl)
    return bound_policy(text, Grammar.RESOURCE, f"ACL of {bucket.arn}", {}) if text is not None else None


def _of_resource(policy: Policy | None, bucket: Bucket) -> ResourcePolicy | None:
    return ResourcePolicy(policy=policy, account=bucket.account) if policy is not None else None
