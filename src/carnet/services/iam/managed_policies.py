"""Managed policies: those of customers, and AWS's own, which can only be read.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from carnet.base.faults import InUse, TooMany
from carnet.base.ids import POLICY
from carnet.catalog.managed_policies import managed_policies
from carnet.directory.account_view import Attachments
from carnet.entities.group import Group
from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.documents import MANAGED_DOCUMENT, check_managed_policy
from carnet.services.iam.kinds import POLICIES
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page, path_filter, sort_token
from carnet.services.request_tags import request_tags, tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreatePolicyRequestTypeDef,
        DeletePolicyRequestTypeDef,
        GetPolicyRequestTypeDef,
        ListEntitiesForPolicyRequestTypeDef,
        ListPoliciesRequestTypeDef,
    )

Holder = Group | Role | User

_PERMISSIONS, _BOUNDARY = "PermissionsPolicy", "PermissionsBoundary"
"""The values of PolicyUsageFilter."""


@iam.write(
    "CreatePolicy",
    on=targets.new_policy,
    also=(tagged_on_creation("iam:TagPolicy"),),
    context=(request_tags,),
    prepare=MANAGED_DOCUMENT,
)
def create_policy(call: WriteCall, given: CreatePolicyRequestTypeDef) -> Answer:
    """Add a customer-managed policy with its first version, attached to nothing."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(ManagedPolicy)) >= quotas.policies:
        raise TooMany(sentences.quota("PoliciesPerAccount", quotas.policies))
    check_managed_policy(call, given["PolicyDocument"])
    policy = ManagedPolicy(
        id=call.ids.unique(POLICY),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["PolicyName"],
        description=given.get("Description"),
        versions=(PolicyVersion(number=1, document=given["PolicyDocument"], created=call.now),),
        default_version=1,
        next_version=2,
        tags=tags_of(call, POLICIES, given),
        created=call.now,
        updated=call.now,
    )
    POLICIES.add(call, policy)
    return {"Policy": shapes.created_policy(call.view, policy)}


@iam.read("GetPolicy", on=targets.policy)
def get_policy(call: Call, given: GetPolicyRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """A managed policy without its documents, which GetPolicyVersion answers."""
    return {"Policy": shapes.policy(call.view, policy)}


@iam.read("ListPolicies", on=targets.list_policies)
def list_policies(call: Call, given: ListPoliciesRequestTypeDef) -> Answer:
    """The account's and AWS's managed policies that pass the filters, by name."""
    policies = sorted(_in_scope(call, given.get("Scope", "All")), key=lambda policy: sort_token(policy_key(policy)))
    found = page(call.paging, "ListPolicies", policies, given, key=policy_key, matching=_list_filter(call, given))
    return found.answer("Policies", lambda policy: shapes.listed_policy(call.view, policy))


def policy_key(policy: ManagedPolicy) -> str:
    """What managed policies are listed by: the name, then the ARN, as AWS's and the account's may be called alike.

    Between them stands a space, which comes before whatever a name may hold.
    """
    return f"{policy.name_key} {policy.arn}"


@iam.write("DeletePolicy", on=targets.policy_to_change)
def delete_policy(call: WriteCall, given: DeletePolicyRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """Remove a customer-managed policy that is not attached and has only its default version."""
    if any(_holders(call.view.attachments(policy.arn), None)):
        raise InUse(sentences.POLICY_IN_USE)
    if len(policy.versions) > 1:
        raise InUse(sentences.VERSIONS_FIRST)
    call.store.remove(policy)
    return {}


@iam.read("ListEntitiesForPolicy", on=targets.policy)
def list_entities_for_policy(call: Call, given: ListEntitiesForPolicyRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """The entities that have a managed policy attached, or as a permissions boundary: groups, then roles, then users,
    by name."""
    attachments = call.view.attachments(policy.arn)
    holders = {holder.arn: holder for holder in _holders(attachments, given.get("PolicyUsageFilter"))}
    found = page(
        call.paging,
        "ListEntitiesForPolicy",
        sorted(holders.values(), key=_holder_key),
        given,
        key=_holder_key,
        matching=_holder_filter(given),
    )
    return {
        "PolicyGroups": [
            {"GroupName": each.name, "GroupId": each.id} for each in found.items if isinstance(each, Group)
        ],
        "PolicyRoles": [{"RoleName": each.name, "RoleId": each.id} for each in found.items if isinstance(each, Role)],
        "PolicyUsers": [{"UserName": each.name, "UserId": each.id} for each in found.items if isinstance(each, User)],
        **found.truncation,
    }


def _in_scope(call: Call, scope: str) -> Iterable[ManagedPolicy]:
    if scope != "AWS":
        yield from call.view.of(ManagedPolicy)
    if scope != "Local":
        yield from managed_policies(call.partition)


def _list_filter(call: Call, given: ListPoliciesRequestTypeDef) -> Callable[[ManagedPolicy], bool]:
    """Whether ListPolicies lists a policy: OnlyAttached means as permissions policy, unless boundaries are asked."""
    below = path_filter(given)
    usage = given.get("PolicyUsageFilter", _PERMISSIONS if given.get("OnlyAttached") else None)
    if usage is None:
        return below
    return lambda policy: below(policy) and any(_holders(call.view.attachments(policy.arn), usage))


def _holders(attachments: Attachments, usage: str | None) -> Iterable[Holder]:
    """The entities that use a policy in one way, or in any; an entity that uses it in both ways comes twice."""
    if usage != _BOUNDARY:
        yield from attachments.groups
        yield from attachments.roles
        yield from attachments.users
    if usage != _PERMISSIONS:
        yield from attachments.boundary_roles
        yield from attachments.boundary_users


def _holder_key(holder: Holder) -> str:
    return f"{holder.resource_type}/{holder.name_key}"


def _holder_filter(given: ListEntitiesForPolicyRequestTypeDef) -> Callable[[Holder], bool]:
    below, kind = path_filter(given), given.get("EntityFilter")
    return lambda holder: below(holder) and kind in (None, type(holder).__name__)
