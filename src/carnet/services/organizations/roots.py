"""The root of an organization, and the policy types that are enabled in it.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Root.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import sentences, shapes, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.condition_keys import policy_type
from carnet.services.organizations.service import organizations
from carnet.services.organizations.service_access import SERVICES_OF_TYPES
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        DisablePolicyTypeRequestTypeDef,
        EnablePolicyTypeRequestTypeDef,
        ListRootsRequestTypeDef,
    )


@organizations.read("ListRoots", on=targets.organization(administrator))
def list_roots(call: Call, given: ListRootsRequestTypeDef, view: OrganizationView) -> Answer:
    """The root, as a list of one."""
    found = page(call.paging, "ListRoots", (view.root,), given, key=lambda root: root.id)
    return found.answer("Roots", lambda _: shapes.root(view.organization, view.root))


@organizations.write("EnablePolicyType", on=targets.root(management_account), context=(policy_type,))
def enable_policy_type(
    call: WriteCall, given: EnablePolicyTypeRequestTypeDef, view: OrganizationView, root: OrganizationalUnit
) -> Answer:
    """Enable a policy type: its policies take effect."""
    organization, wanted = view.organization, PolicyType(given["PolicyType"])
    if organization.feature_set is not FeatureSet.ALL:
        raise sentences.policy_type_not_available()
    if wanted in organization.policy_types:
        raise sentences.policy_type_enabled()
    needed = SERVICES_OF_TYPES.get(wanted)
    if needed is not None and needed not in organization.trusted_services:
        raise sentences.constraint("SERVICE_ACCESS_NOT_ENABLED", sentences.ENABLE_ACCESS_OF_TYPE_FIRST)
    enabled = replace(organization, policy_types=(*organization.policy_types, wanted))
    call.store.save(enabled)
    return {"Root": shapes.root(enabled, root)}


@organizations.write("DisablePolicyType", on=targets.root(management_account), context=(policy_type,))
def disable_policy_type(
    call: WriteCall, given: DisablePolicyTypeRequestTypeDef, view: OrganizationView, root: OrganizationalUnit
) -> Answer:
    """Disable a policy type and detach all of its policies. Enabled again, the type starts as at first."""
    organization, unwanted = view.organization, PolicyType(given["PolicyType"])
    if unwanted not in organization.policy_types:
        raise sentences.policy_type_not_enabled()
    for node in _detach_type(view, unwanted):
        call.store.save(node)
    disabled = replace(organization, policy_types=tuple(each for each in organization.policy_types if each != unwanted))
    call.store.save(disabled)
    return {"Root": shapes.root(disabled, root)}


def _detach_type(view: OrganizationView, unwanted: PolicyType) -> Iterator[Node]:
    """The nodes that the detachment changes, without policies of the type; FullAWSAccess is attached to them again."""
    policies = view.of(OrganizationPolicy)
    gone = {policy.id for policy in policies if policy.type is unwanted}
    for node in (*view.of(OrganizationalUnit), *view.of(OrganizationAccount)):
        attached = tuple(policy for policy in node.attached if policy not in gone)
        full_access = node.full_access or unwanted is PolicyType.SERVICE_CONTROL
        if attached != node.attached or full_access != node.full_access:
            yield replace(node, attached=attached, full_access=full_access)
