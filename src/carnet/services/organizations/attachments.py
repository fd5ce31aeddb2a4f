"""What policies are attached to.

AWS's own policies are in no `attached`: FullAWSAccess is attached if the target says so, RCPFullAWSAccess always is.
Either is so only while its type is enabled.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_policies_attach.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.catalog.organization_policies import FULL_ACCESS, RCP_FULL_ACCESS
from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.services.operation import Also, Answer, Call, WriteCall
from carnet.services.organizations import policy_targets, sentences, shapes, targets
from carnet.services.organizations.callers import administrator, delegate
from carnet.services.organizations.condition_keys import type_listed, type_of_policy
from carnet.services.organizations.quotas import policy_limits
from carnet.services.organizations.service import organizations
from carnet.services.paging import page
from carnet.services.target import AnyTarget, Keys

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        AttachPolicyRequestTypeDef,
        DetachPolicyRequestTypeDef,
        ListPoliciesForTargetRequestTypeDef,
        ListTargetsForPolicyRequestTypeDef,
    )


def _for_the_target(action: str) -> Also:
    """The permission must also hold for the root, unit or account."""
    node = targets.node(delegate)

    def also(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
        yield node(call, given).check(action, keys)

    return also


@organizations.write(
    "AttachPolicy",
    on=policy_targets.policy(delegate),
    also=(_for_the_target("organizations:AttachPolicy"),),
    context=(type_of_policy,),
)
def attach_policy(
    call: WriteCall, given: AttachPolicyRequestTypeDef, view: OrganizationView, policy: OrganizationPolicy
) -> Answer:
    """Attach a policy of an enabled type to a root, unit or account."""
    node = _target_node(view, given["TargetId"])
    if policy.type not in view.organization.policy_types:
        raise sentences.policy_type_not_enabled()
    attached = attached_to(view, node, policy.type)
    if policy in attached:
        raise sentences.policy_attached()
    if len(attached) >= policy_limits(call, policy.type).attached:
        raise sentences.constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", sentences.TARGET_FULL)
    if policy is FULL_ACCESS:
        call.store.save(replace(node, full_access=True))
    else:
        call.store.save(replace(node, attached=(*node.attached, policy.id)))
    return {}


@organizations.write(
    "DetachPolicy",
    on=policy_targets.policy(delegate),
    also=(_for_the_target("organizations:DetachPolicy"),),
    context=(type_of_policy,),
)
def detach_policy(
    call: WriteCall, given: DetachPolicyRequestTypeDef, view: OrganizationView, policy: OrganizationPolicy
) -> Answer:
    """Detach a policy. An SCP stays attached to everything, so the last one cannot be detached."""
    node = _target_node(view, given["TargetId"])
    if policy is RCP_FULL_ACCESS:
        raise sentences.invalid("NON_DETACHABLE_POLICY", sentences.NON_DETACHABLE)
    attached = attached_to(view, node, policy.type)
    if policy not in attached:
        raise sentences.policy_not_attached()
    if policy.type is PolicyType.SERVICE_CONTROL and len(attached) == 1:
        raise sentences.constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", sentences.LAST_POLICY)
    if policy is FULL_ACCESS:
        call.store.save(replace(node, full_access=False))
    else:
        call.store.save(replace(node, attached=tuple(each for each in node.attached if each != policy.id)))
    return {}


@organizations.read("ListPoliciesForTarget", on=targets.node(administrator), context=(type_listed,))
def list_policies_for_target(
    call: Call, given: ListPoliciesForTargetRequestTypeDef, view: OrganizationView, node: Node
) -> Answer:
    """The policies of one type that are attached to a root, unit or account itself."""
    listed_by = policy_targets.listed_by
    attached = sorted(attached_to(view, node, PolicyType(given["Filter"])), key=listed_by)
    found = page(call.paging, "ListPoliciesForTarget", attached, given, key=listed_by)
    return found.answer("Policies", lambda policy: shapes.policy_summary(view.organization, policy))


@organizations.read("ListTargetsForPolicy", on=policy_targets.policy(administrator), context=(type_of_policy,))
def list_targets_for_policy(
    call: Call, given: ListTargetsForPolicyRequestTypeDef, view: OrganizationView, policy: OrganizationPolicy
) -> Answer:
    """The accounts that a policy is attached to, then the units and the root, each by id."""
    found = page(call.paging, "ListTargetsForPolicy", targets_of(view, policy), given, key=lambda node: node.id)
    return found.answer("Targets", lambda node: shapes.policy_target(view, call.snapshot, node))


def attached_to(view: OrganizationView, node: Node, policy_type: PolicyType) -> tuple[OrganizationPolicy, ...]:
    """The policies of a type that a root, unit or account itself has attached: AWS's own, then in order of attachment.

    While the type is not enabled, there are none.
    """
    if policy_type not in view.organization.policy_types:
        return ()
    policies = view.of(OrganizationPolicy).by_id
    own = tuple(policy for policy in map(policies.__getitem__, node.attached) if policy.type is policy_type)
    if policy_type is PolicyType.RESOURCE_CONTROL:
        return (RCP_FULL_ACCESS, *own)
    return (FULL_ACCESS, *own) if policy_type is PolicyType.SERVICE_CONTROL and node.full_access else own


def targets_of(view: OrganizationView, policy: OrganizationPolicy) -> tuple[Node, ...]:
    """What a policy is attached to, by id: accounts come first.

    What AWS's own are attached to is remembered until a unit or an account changes, and not found anew for each page.
    """
    if policy.type not in view.organization.policy_types:
        return ()
    if not policy.aws_managed:
        return view.targets_of(policy)
    units, accounts = view.of(OrganizationalUnit), view.of(OrganizationAccount)

    def derive() -> tuple[Node, ...]:
        everything: tuple[Node, ...] = (*accounts.sorted(), *units.sorted())
        return everything if policy is RCP_FULL_ACCESS else tuple(node for node in everything if node.full_access)

    return view.memo.lasting((targets_of, policy.id), (units, accounts), derive)


def _target_node(view: OrganizationView, node_id: str) -> Node:
    node = view.node(node_id)
    if node is None:
        raise sentences.target_missing()
    return node
