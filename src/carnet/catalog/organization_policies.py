"""AWS's own policies, which every organization has.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_available-policies.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.base.arns import organizations_arn
from carnet.entities.organization import Organization
from carnet.entities.organization_policy import AWS, OrganizationPolicy, PolicyType

FULL_ACCESS = OrganizationPolicy(
    id="p-FullAWSAccess",
    organization=AWS,
    type=PolicyType.SERVICE_CONTROL,
    name="FullAWSAccess",
    description="Allows access to every operation",
    content="""\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}""",
)
"""Attached to every root, unit and account while service control policies are enabled, until it is detached."""

RCP_FULL_ACCESS = OrganizationPolicy(
    id="p-RCPFullAWSAccess",
    organization=AWS,
    type=PolicyType.RESOURCE_CONTROL,
    name="RCPFullAWSAccess",
    description="Allows access to every resource",
    content="""\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}""",
)
"""Attached to every root, unit and account while resource control policies are enabled; it cannot be detached."""

AWS_POLICIES: Mapping[str, OrganizationPolicy] = {policy.id: policy for policy in (FULL_ACCESS, RCP_FULL_ACCESS)}
"""By id."""


def policy_arn(organization: Organization, policy: OrganizationPolicy) -> str:
    """The ARN of a policy; that of AWS's own names no organization."""
    owner = AWS if policy.aws_managed else organization.management
    return organizations_arn(organization.partition, owner, policy.resource)
