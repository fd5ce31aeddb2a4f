"""The operations on policies of access points.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from carnet.entities.access_point import AccessPoint
from carnet.gateway.buckets.access_point_policies import as_policy, block_of_bucket, own_block
from carnet.gateway.buckets.bucket_operations import prevented
from carnet.gateway.buckets.bucket_policy_text import malformed, read_access_point_policy, with_accounts
from carnet.gateway.s3.access_point_targets import named, point_of, view_of
from carnet.gateway.s3.control_call import Asked, Edit, Members, Rule
from carnet.gateway.s3.faults import S3Fault
from carnet.policy.document import Grammar
from carnet.policy.public import is_public
from carnet.services.bound_principals import NoSuchPrincipal, bound, shown
from carnet.services.documents import parse_once


def _put_policy(asked: Asked) -> Edit:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutAccessPointPolicy.html"""
    point, text = point_of(asked), asked.members["Policy"]
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
        made = bound(asked.snapshot, view_of(asked), policy, text)
    except NoSuchPrincipal:
        raise malformed("Invalid principal in policy") from None
    return Edit(point, replace(point, policy=made.text, principal_ids=made.ids))


def _policy_of(point: AccessPoint) -> str:
    if point.policy is None:
        told = {"AccessPointName": point.name}
        raise S3Fault("NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", told)
    return point.policy


def _get_policy(asked: Asked) -> Members:
    point = point_of(asked)
    return {"Policy": shown(asked.snapshot, _policy_of(point), point.principal_ids)}


def _get_policy_status(asked: Asked) -> Members:
    point = point_of(asked)
    _policy_of(point)
    policy = as_policy(point)
    return {"PolicyStatus": {"IsPublic": policy is not None and is_public(policy)}}


def _delete_policy(asked: Asked) -> Edit:
    point = point_of(asked)
    _policy_of(point)
    return Edit(point, replace(point, policy=None, principal_ids={}))


POLICIES: Mapping[str, Rule] = {
    "DeleteAccessPointPolicy": Rule(named("DeleteAccessPointPolicy"), write=_delete_policy),
    "GetAccessPointPolicy": Rule(named("GetAccessPointPolicy"), read=_get_policy),
    "GetAccessPointPolicyStatus": Rule(named("GetAccessPointPolicyStatus"), read=_get_policy_status),
    "PutAccessPointPolicy": Rule(named("PutAccessPointPolicy"), write=_put_policy),
}
