"""How much of everything an organization may have.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationsQuotas:
    """AWS's defaults. AWS raises the number of accounts on request, which it sets to 10 for a new organization."""

    organization_accounts: int = 10_000
    organizational_units: int = 2_000
    organizational_unit_depth: int = 5
    """Levels of units below the root."""
    policies_per_type: int = 10_000
    policies_per_target: int = 5
    """Of one type, attached to one root, unit or account."""
    resource_policy_size: int = 40_000
    """Characters of the resource policy."""
    tags_per_resource: int = 50
