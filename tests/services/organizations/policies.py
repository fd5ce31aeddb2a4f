"""Policies of an organization, for tests."""

from __future__ import annotations

from tests.services.organizations.estate import Estate

SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"
FULL_ACCESS = "p-FullAWSAccess"
RCP_FULL_ACCESS = "p-RCPFullAWSAccess"
DENY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}'
RCP_DENY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}'


def a_policy(estate: Estate, name: str, policy_type: str = SCP, content: str = DENY) -> str:
    """The id of a new policy that is attached to nothing."""
    made = estate.call("CreatePolicy", Name=name, Description="", Type=policy_type, Content=content)
    return str(made["Policy"]["PolicySummary"]["Id"])


def enable(estate: Estate, policy_type: str) -> None:
    estate.call("EnablePolicyType", RootId=estate.root, PolicyType=policy_type)


def attach(estate: Estate, policy: str, target: str) -> None:
    estate.call("AttachPolicy", PolicyId=policy, TargetId=target)


def detach(estate: Estate, policy: str, target: str) -> None:
    estate.call("DetachPolicy", PolicyId=policy, TargetId=target)


def attached(estate: Estate, target: str, policy_type: str = SCP) -> list[str]:
    """The ids of the policies that are attached to a target."""
    found = estate.call("ListPoliciesForTarget", TargetId=target, Filter=policy_type)["Policies"]
    return [policy["Id"] for policy in found]
