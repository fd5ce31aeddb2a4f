"""The guardrails that AWS publishes as examples, in our own words, for tests.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.services.organizations.everybody import Everybody
from tests.services.organizations.policies import RCP, SCP, a_policy, attach, detach

PLATFORM_ROLES = "arn:aws:iam::*:role/platform/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A policy at the root; `{organization}` stands for the organization's id."""

    name: str
    statements: tuple[Mapping[str, Any], ...]
    kind: str = SCP


def scp(name: str, *statements: Mapping[str, Any]) -> Guardrail:
    return Guardrail(name=name, statements=tuple({"Effect": "Deny", "Resource": "*", **each} for each in statements))


def rcp(name: str, *statements: Mapping[str, Any]) -> Guardrail:
    denying = {"Effect": "Deny", "Principal": "*", "Resource": "*"}
    return Guardrail(name=name, kind=RCP, statements=tuple({**denying, **each} for each in statements))


REGIONS = scp(
    "regions",
    {
        "NotAction": ["iam:*", "organizations:*", "sts:*", "route53:*", "cloudfront:*", "support:*"],
        "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]},
            "ArnNotLike": {"aws:PrincipalArn": PLATFORM_ROLES},
        },
    },
)
PROTECTED = scp(
    "protected roles",
    {
        "Action": ["iam:AttachRolePolicy", "iam:DeleteRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"],
        "Resource": "arn:aws:iam::*:role/guardrails-*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": PLATFORM_ROLES}},
    },
)
ROOT_ARN = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}
NO_ROOT = scp("no root", {"Action": "*", "Condition": ROOT_ARN})
NO_ROOT_BUT_TASKS = scp(
    "no root but tasks", {"Action": "*", "Condition": {**ROOT_ARN, "Null": {"aws:AssumedRoot": "true"}}}
)
STAY = scp("stay", {"Action": "organizations:LeaveOrganization"})
SENSITIVE = ["ec2:StopInstances", "ec2:TerminateInstances", "iam:DeactivateMFADevice"]
WITHOUT_MFA = {"aws:MultiFactorAuthPresent": "false"}
MFA = scp("MFA", {"Action": SENSITIVE, "Condition": {"BoolIfExists": WITHOUT_MFA}})
MFA_OF_SESSIONS = scp("MFA of sessions", {"Action": SENSITIVE, "Condition": {"Bool": WITHOUT_MFA}})
TAG_ACTIONS = ["ec2:CreateTags", "ec2:DeleteTags", "iam:TagRole", "iam:UntagRole"]
OTHERS = {"ArnNotLike": {"aws:PrincipalArn": PLATFORM_ROLES}}
TAGS = scp(
    "tags",
    {
        "Action": TAG_ACTIONS,
        "Condition": {
            **OTHERS,
            "StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"},
            "Null": {"aws:ResourceTag/team": "false"},
        },
    },
    {
        "Action": TAG_ACTIONS,
        "Condition": {
            **OTHERS,
            "StringNotEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"},
            "ForAnyValue:StringEquals": {"aws:TagKeys": "team"},
            "Null": {"aws:RequestTag/team": "false"},
        },
    },
    {
        "Action": TAG_ACTIONS,
        "Condition": {
            **OTHERS,
            "Null": {"aws:PrincipalTag/team": "true"},
            "ForAnyValue:StringEquals": {"aws:TagKeys": "team"},
        },
    },
)
IDENTITIES = rcp(
    "identity perimeter",
    {
        "Action": ["s3:*", "sts:AssumeRole"],
        "Condition": {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "{organization}"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    },
)
CONFUSED_DEPUTY = rcp(
    "confused deputy",
    {
        "Action": ["s3:*", "sts:AssumeRole"],
        "Condition": {
            "StringNotEqualsIfExists": {"aws:SourceOrgID": "{organization}"},
            "Null": {"aws:SourceAccount": "false"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        },
    },
)
SIGN_IN = rcp(
    "identity perimeter around every way to assume roles",
    {
        "Action": "sts:AssumeRole*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "{organization}"}},
    },
)
CI = "token.actions.githubusercontent.com"
PIPELINES = rcp(
    "pipelines",
    {
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringNotLikeIfExists": {f"{CI}:sub": "repo:our-company/*"},
            "Null": {f"{CI}:sub": "false"},
        },
    },
)
RESOURCES = scp(
    "resource perimeter",
    {
        "Action": ["s3:*", "sts:AssumeRole"],
        "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}},
    },
)
NETWORKS = scp(
    "network perimeter",
    {
        "NotAction": ["iam:PassRole", "sts:GetCallerIdentity"],
        "Condition": {
            "NotIpAddressIfExists": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]},
            "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-inside"},
            "BoolIfExists": {"aws:ViaAWSService": "false"},
            "ArnNotLikeIfExists": {"aws:PrincipalArn": PLATFORM_ROLES},
        },
    },
)


@contextmanager
def guarded(people: Everybody, guardrail: Guardrail) -> Iterator[None]:
    """The guardrail is attached to the root, as a policy that the server takes, for as long as this lasts."""
    estate = people.estate
    content = json.dumps({"Version": "2012-10-17", "Statement": guardrail.statements})
    policy = a_policy(estate, guardrail.name, guardrail.kind, content.replace("{organization}", estate.organization))
    attach(estate, policy, estate.root)
    try:
        yield
    finally:
        detach(estate, policy, estate.root)
        estate.call("DeletePolicy", PolicyId=policy)
