"""The policies of the resources behind the gateway: those that are kept here, and those that a resource has by default.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

from carnet.access.documents import bound_policy
from carnet.base.arns import parse_arn, root_arn
from carnet.directory.snapshot import Snapshot
from carnet.entities.object_acl import ObjectAcl
from carnet.entities.public_access_block import NO_BLOCK, PublicAccessBlock
from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.gateway.buckets.bucket_policies import bucket_in, policies_of_bucket
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Principal
from carnet.services.bound_principals import shown

_DEFAULT_KEY_POLICY = """{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "%s"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}"""
"""Leaves a key of KMS to the identity-based policies of its account."""


def policies_of(
    snapshot: Snapshot,
    arn: str,
    account: str,
    principal: Principal,
    action: str,
    of_object: ObjectAcl | None = None,
    block: PublicAccessBlock = NO_BLOCK,
) -> tuple[ResourcePolicy, ...]:
    """Those that take part in decisions on a resource, if that principal asks for that action.

    For Amazon S3, `of_object` is the ACL of an object, if it is not the default, and `block` has the switches that
    are on besides those of the bucket.
    """
    if arn.split(":", 3)[2:3] == ["s3"]:
        bucket = bucket_in(snapshot, arn)
        if bucket is None:
            return ()
        return policies_of_bucket(snapshot, bucket, principal, action, of_object, block)
    kept = kept_policy(snapshot, arn, account)
    if kept is not None:
        return (as_resource_policy(kept),)
    default = _default(arn, account)
    if default is None:
        return ()
    return (ResourcePolicy(policy=bound_policy(default, Grammar.RESOURCE, arn, {}), account=account),)


def as_resource_policy(kept: ResourceBasedPolicy) -> ResourcePolicy:
    """A policy that is kept, as decisions take it."""
    policy = bound_policy(kept.document, Grammar.RESOURCE, kept.arn, kept.principal_ids)
    return ResourcePolicy(policy=policy, account=kept.account)


def shown_policy(snapshot: Snapshot, arn: str, account: str) -> str | None:
    """The policy as it reads now; None if the resource has none."""
    kept = kept_policy(snapshot, arn, account)
    return _default(arn, account) if kept is None else shown(snapshot, kept.document, kept.principal_ids)


def kept_policy(snapshot: Snapshot, arn: str, account: str) -> ResourceBasedPolicy | None:
    """The policy that somebody has put."""
    view = snapshot.account(account)
    return None if view is None else view.of(ResourceBasedPolicy).get(arn)


def _default(arn: str, account: str) -> str | None:
    parts = parse_arn(arn)
    if parts is None or parts.service != "kms" or not parts.resource.startswith("key/"):
        return None
    return _DEFAULT_KEY_POLICY % root_arn(parts.partition, account)
