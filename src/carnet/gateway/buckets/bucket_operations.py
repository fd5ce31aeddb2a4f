"""The operations on buckets that Carnet answers itself: the answer of each, and the bucket after it.

INVARIANT: pure. None of them is sent to an upstream: it might apply them, and lock the gateway out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import Struct

from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import DEFAULT_REGION, Bucket, ObjectOwnership
from carnet.entities.public_access_block import PublicAccessBlock
from carnet.gateway.buckets.acl import (
    acl_without_ownership,
    asked_ownership,
    is_public,
    private,
    required_acl,
    shown_acl,
)
from carnet.gateway.buckets.bucket_policies import as_policy, blocked
from carnet.gateway.buckets.bucket_policy_text import malformed, read_bucket_policy, with_accounts
from carnet.gateway.buckets.bucket_tags import READS_TAGS, delete_tags, put_abac, put_tags, told_abac, told_tags
from carnet.gateway.buckets.default_key import read_key, scope_of, shown_key
from carnet.gateway.s3_sentences import XML_MALFORMED
from carnet.policy.document import Grammar
from carnet.policy.public import is_public as is_public_policy
from carnet.policy.request import Principal
from carnet.services.bound_principals import NoSuchPrincipal, bound, shown
from carnet.services.documents import parse_once

Members = Mapping[str, Any]

_SWITCHES = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


class Asked(Struct, frozen=True, kw_only=True):
    """A request about a bucket, at one revision."""

    snapshot: Snapshot
    bucket: Bucket
    members: Members
    """The input, by the model's names."""
    principal: Principal
    """The principal of the caller. INVARIANT: it is allowed to make the request."""


def _get_policy(asked: Asked) -> Members:
    return {"Policy": shown(asked.snapshot, _policy_of(asked), asked.bucket.principal_ids)}


def _get_policy_status(asked: Asked) -> Members:
    _policy_of(asked)
    policy = as_policy(asked.bucket)
    return {"PolicyStatus": {"IsPublic": policy is not None and is_public_policy(policy)}}


def _policy_of(asked: Asked) -> str:
    if asked.bucket.policy is None:
        raise Refused("NoSuchBucketPolicy", "The bucket policy does not exist")
    return asked.bucket.policy


def _put_policy(asked: Asked) -> Bucket:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html"""
    bucket, view = asked.bucket, asked.snapshot.accounts[asked.bucket.account]
    text = asked.members["Policy"]
    policy = read_bucket_policy(text, bucket.partition, bucket.name)
    text = with_accounts(text, bucket.partition)
    if text != asked.members["Policy"]:
        policy = parse_once(text, Grammar.RESOURCE, bucket.partition)
    if is_public_policy(policy) and blocked(asked.snapshot, bucket).block_public_policy:
        raise prevented(asked.principal, bucket.arn, "s3:PutBucketPolicy", "policies", "BlockPublicPolicy")
    try:
        made = bound(asked.snapshot, view, policy, text)
    except NoSuchPrincipal:
        raise malformed("Invalid principal in policy") from None
    return replace(bucket, policy=made.text, principal_ids=made.ids)


def prevented(principal: Principal, arn: str, action: str, what: str, switch: str) -> Refused:
    """AWS's sentence for a request that is allowed and nevertheless blocked."""
    return Refused(
        "AccessDenied",
        f'User: {principal.arn} is not authorized to perform: {action} on resource: "{arn}" because public {what} are '
        f"prevented by the {switch} setting in S3 Block Public Access.",
    )


def _delete_policy(asked: Asked) -> Bucket:
    return replace(asked.bucket, policy=None, principal_ids={})


def _get_block(asked: Asked) -> Members:
    if asked.bucket.block is None:
        raise no_block()
    return {"PublicAccessBlockConfiguration": shown_block(asked.bucket.block)}


def _put_block(asked: Asked) -> Bucket:
    return replace(asked.bucket, block=new_block(asked.members["PublicAccessBlockConfiguration"]))


def no_block() -> Refused:
    return Refused("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")


def shown_block(block: PublicAccessBlock) -> dict[str, bool]:
    """The four settings with AWS's names."""
    return {name: getattr(block, own) for name, own in _SWITCHES.items()}


def new_block(given: Members) -> PublicAccessBlock:
    """The settings of a bucket or an account in place of former ones. Raises Refused if none is given: without words,
    everything would be opened."""
    if not given:
        raise Refused("InvalidRequest", "Must specify at least one configuration.")
    return read_block(given)


def read_block(given: Members) -> PublicAccessBlock:
    """The four settings; those that are not given are off."""
    return PublicAccessBlock(**{own: given.get(name) is True for name, own in _SWITCHES.items()})


def _get_ownership(asked: Asked) -> Members:
    if asked.bucket.ownership is ObjectOwnership.NONE:
        raise Refused("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": asked.bucket.ownership.value}]}}


def _put_ownership(asked: Asked) -> Bucket:
    rules = asked.members["OwnershipControls"].get("Rules") or []
    ownership = asked_ownership(rules[0].get("ObjectOwnership")) if len(rules) == 1 else None
    if ownership is None:
        raise Refused("MalformedXML", XML_MALFORMED)
    if ownership is ObjectOwnership.ENFORCED and asked.bucket.acl != private(asked.bucket.account):
        raise acl_without_ownership()
    return replace(asked.bucket, ownership=ownership)


def _put_acl(asked: Asked) -> Bucket:
    bucket = asked.bucket
    if bucket.ownership is ObjectOwnership.ENFORCED:
        raise no_acls()
    acl = required_acl(asked.members, bucket.account)
    if is_public(acl) and blocked(asked.snapshot, bucket).block_public_acls:
        raise prevented(asked.principal, bucket.arn, "s3:PutBucketAcl", "ACLs", "BlockPublicAcls")
    return replace(bucket, acl=acl)


def no_acls() -> Refused:
    return Refused("AccessControlListNotSupported", "The bucket does not allow ACLs")


def _get_encryption(asked: Asked) -> Members:
    if asked.bucket.default_key is None:
        raise Refused(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        )
    return shown_key(asked.bucket.default_key)


def _put_encryption(asked: Asked) -> Bucket:
    return replace(asked.bucket, default_key=read_key(asked.members, scope_of(asked.bucket)))


def _get_location(asked: Asked) -> Members:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html: of us-east-1 nothing is told."""
    return {"LocationConstraint": "" if asked.bucket.region == DEFAULT_REGION else asked.bucket.region}


READS: Mapping[str, Callable[[Asked], Members]] = {
    "GetBucketAbac": lambda asked: told_abac(asked.bucket),
    "GetBucketAcl": lambda asked: shown_acl(asked.bucket.acl, asked.bucket.account),
    "GetBucketEncryption": _get_encryption,
    "GetBucketLocation": _get_location,
    "GetBucketOwnershipControls": _get_ownership,
    "GetBucketPolicy": _get_policy,
    "GetBucketPolicyStatus": _get_policy_status,
    READS_TAGS: lambda asked: told_tags(asked.bucket),
    "GetPublicAccessBlock": _get_block,
}
WRITES: Mapping[str, Callable[[Asked], Bucket]] = {
    "DeleteBucketEncryption": lambda asked: replace(asked.bucket, default_key=None),
    "DeleteBucketOwnershipControls": lambda asked: replace(asked.bucket, ownership=ObjectOwnership.NONE),
    "DeleteBucketPolicy": _delete_policy,
    "DeleteBucketTagging": lambda asked: delete_tags(asked.bucket),
    "DeletePublicAccessBlock": lambda asked: replace(asked.bucket, block=None),
    "PutBucketAbac": lambda asked: put_abac(asked.bucket, asked.members),
    "PutBucketAcl": _put_acl,
    "PutBucketEncryption": _put_encryption,
    "PutBucketOwnershipControls": _put_ownership,
    "PutBucketPolicy": _put_policy,
    "PutBucketTagging": lambda asked: put_tags(asked.bucket, asked.members),
    "PutPublicAccessBlock": _put_block,
}
OF_ENCRYPTION = frozenset(("DeleteBucketEncryption", "GetBucketEncryption", "PutBucketEncryption"))
"""What the upstream answers, unless it is about a key of AWS KMS (`s3.default_encryption`)."""
OF_THE_OWNER = frozenset(("DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy"))
"""What nobody of another account than the owner's may ask for, whatever the bucket policy allows."""
