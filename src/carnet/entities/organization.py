"""An organization: a management account, the accounts that it manages, and what it has switched on.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.base.arns import organizations_arn
from carnet.base.partitions import DEFAULT_PARTITION


class FeatureSet(StrEnum):
    ALL = "ALL"
    CONSOLIDATED_BILLING = "CONSOLIDATED_BILLING"


@dataclass(frozen=True, kw_only=True, slots=True)
class Organization:
    """One organization. It has one root, which is an `OrganizationalUnit` without a parent."""

    id: str
    partition: str = DEFAULT_PARTITION
    management: str
    """The id of the management account."""
    feature_set: FeatureSet = FeatureSet.ALL
    created: datetime
    policy_types: tuple[str, ...] = ()
    """The policy types that are enabled in the root: `SERVICE_CONTROL_POLICY`."""
    trusted_services: Mapping[str, int] = field(default_factory=dict[str, int])
    """Service principal to when its access was enabled, in epoch milliseconds."""
    root_features: tuple[str, ...] = ()
    """What of centralized root access is enabled: `RootCredentialsManagement`, `RootSessions`."""

    def arn_of(self, resource: str) -> str:
        """The ARN of something of the organization: `organization/o-...`, `ou/o-.../ou-...`."""
        return organizations_arn(self.partition, self.management, resource)

    @property
    def arn(self) -> str:
        return self.arn_of(f"organization/{self.id}")

    def account_arn(self, account: str) -> str:
        """The ARN of an account of the organization."""
        return self.arn_of(f"account/{self.id}/{account}")
