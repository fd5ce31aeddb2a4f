"""Policies of an organization, of every type.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicySummary.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from carnet.entities.entity import Tags
from carnet.policy.grammar import Grammar

AWS = "aws"
"""What stands in for the organization of AWS's own policies."""


class PolicyType(StrEnum):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html"""

    SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
    RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
    TAG = "TAG_POLICY"
    BACKUP = "BACKUP_POLICY"
    AI_OPT_OUT = "AISERVICES_OPT_OUT_POLICY"
    CHATBOT = "CHATBOT_POLICY"
    DECLARATIVE_EC2 = "DECLARATIVE_POLICY_EC2"
    SECURITY_HUB = "SECURITYHUB_POLICY"
    SECURITY_HUB_CSPM = "SECURITYHUB_CSPM_POLICY"
    INSPECTOR = "INSPECTOR_POLICY"
    UPGRADE_ROLLOUT = "UPGRADE_ROLLOUT_POLICY"
    BEDROCK = "BEDROCK_POLICY"
    S3 = "S3_POLICY"
    NETWORK_SECURITY_DIRECTOR = "NETWORK_SECURITY_DIRECTOR_POLICY"
    GUARDDUTY = "GUARDDUTY_POLICY"


GRAMMARS = {PolicyType.SERVICE_CONTROL: Grammar.SCP, PolicyType.RESOURCE_CONTROL: Grammar.RCP}
"""Of the types that requests are decided by. All others are management policies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganizationPolicy:
    """One policy of an organization, or one of AWS's own, which every organization has and none stores.

    What it is attached to is said by its targets.
    """

    id: str
    """`p-...`"""
    organization: str
    """`AWS` of AWS's own."""
    type: PolicyType
    name: str
    """Unique among the policies of its type."""
    description: str = ""
    content: str
    """As the caller wrote it."""
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def aws_managed(self) -> bool:
        return self.organization == AWS

    @property
    def resource(self) -> str:
        """What stands last in its ARN."""
        owner = "" if self.aws_managed else f"{self.organization}/"
        return f"policy/{owner}{self.type.lower()}/{self.id}"
