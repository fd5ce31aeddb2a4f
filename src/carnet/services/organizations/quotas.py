"""The quotas of an organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carnet.entities.organization import Organization
from carnet.entities.organization_policy import PolicyType

if TYPE_CHECKING:
    from carnet.services.operation import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationsQuotas:
    """AWS's defaults. AWS raises the number of accounts on request, which it sets to 10 for a new organization."""

    organization_accounts: int = 10_000
    invitations_per_day: int = 10_000
    """Sent and not accepted; AWS allows as many as there may be accounts."""
    closed_accounts: int = 250
    """That may be closed within 30 days, or a fifth of the members if that is more."""
    closed_accounts_at_most: int = 1_000
    inbound_transfers: int = 1_000
    """Invitations to responsibility transfers and transfers, until their end. The numbers of transfers are Carnet's."""
    outbound_transfers: int = 1
    transfer_levels: int = 2
    """Transfers one after the other: an organization has the billing of one that has the billing of another."""
    organizational_units: int = 2_000
    organizational_unit_depth: int = 5
    """Levels of units below the root."""
    resource_policy_size: int = 40_000
    """Characters of the resource policy."""
    service_control_policies: int = 10_000
    service_control_policy_size: int = 10_240
    service_control_policies_per_target: int = 10
    resource_control_policies: int = 2_000
    resource_control_policy_size: int = 5_120
    resource_control_policies_per_target: int = 5
    tags_per_resource: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLimits:
    """The quotas of policies of one type; the defaults are those of most types."""

    characters: int = 10_000
    """Of a policy's content, white space included."""
    policies: int = 1_000
    """In the organization, AWS's own not counted."""
    attached: int = 10
    """To one root, unit or account, AWS's own counted."""


_MANAGEMENT_POLICY = PolicyLimits()
_MANAGEMENT_POLICIES: Mapping[PolicyType, PolicyLimits] = {
    PolicyType.CHATBOT: PolicyLimits(attached=5),
    PolicyType.AI_OPT_OUT: PolicyLimits(characters=2_500, attached=5),
}


DELEGATED_ADMINISTRATORS: Mapping[str, int] = {
    "access-analyzer.amazonaws.com": 1,
    "cloudtrail.amazonaws.com": 3,
    "config-multiaccountsetup.amazonaws.com": 3,
    "config.amazonaws.com": 3,
    "member.org.stacksets.cloudformation.amazonaws.com": 5,
    "sso.amazonaws.com": 1,
}
"""How many a service has at most, by its principal, as the services' own guides say; of others no number is known.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConfigRule.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-delegated-administrator.html
"""


def quotas_of(call: Call, organization: Organization | None = None) -> OrganizationsQuotas:
    """The quotas of an organization, which are set for its management account; by default of the caller's."""
    if organization is None:
        view = call.snapshot.organization_of(call.account)
        organization = view.organization if view is not None else None
    management = call.snapshot.account(organization.management) if organization is not None else None
    quotas: OrganizationsQuotas = call.quotas_of(management or call.view)
    return quotas


def policy_limits(call: Call, policy_type: PolicyType) -> PolicyLimits:
    """The quotas of policies of a type in the caller's organization."""
    quotas = quotas_of(call)
    if policy_type is PolicyType.SERVICE_CONTROL:
        return PolicyLimits(
            characters=quotas.service_control_policy_size,
            policies=quotas.service_control_policies,
            attached=quotas.service_control_policies_per_target,
        )
    if policy_type is PolicyType.RESOURCE_CONTROL:
        return PolicyLimits(
            characters=quotas.resource_control_policy_size,
            policies=quotas.resource_control_policies,
            attached=quotas.resource_control_policies_per_target,
        )
    return _MANAGEMENT_POLICIES.get(policy_type, _MANAGEMENT_POLICY)
