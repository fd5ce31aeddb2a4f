"""The guardrails that AWS publishes as examples, in our own words: whom of everybody they bind, and on what.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from carnet.policy.decision import Layer
from tests.services.organizations.estate import an_estate
from tests.services.organizations.everybody import (
    ALLOWED,
    BOUND,
    CONFUSED,
    EVERYBODY,
    FEDERATED,
    MANAGEMENT_ROOT,
    OUTSIDER,
    PLATFORM,
    ROLE,
    ROOT,
    ROOT_SESSION,
    SAML,
    SERVICE,
    USER,
    USER_WITH_MFA,
    Ask,
    Everybody,
    everybody,
)
from tests.services.organizations.policies import RCP, SCP, a_policy, attach, detach, enable
from tests.services.sts.trust import role, trusting
from tests.services.world import open_world

NOBODY: frozenset[str] = frozenset()
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

BUCKET = "arn:aws:s3:::bucket/key"
GUARDED_ROLE = "arn:aws:iam::{owner}:role/guardrails-audit"
INSTANCE = "arn:aws:ec2:eu-west-1:{owner}:instance/i-1"
BUT_PLATFORM = BOUND - {PLATFORM}
UNTAGGED = BUT_PLATFORM - {ROLE, SAML}
OUT = "203.0.113.9"

TABLE: tuple[tuple[Guardrail, Ask, frozenset[str]], ...] = (
    (REGIONS, Ask(action="ec2:RunInstances", resource=INSTANCE, region="us-east-1"), BUT_PLATFORM),
    (REGIONS, Ask(action="ec2:RunInstances", resource=INSTANCE, region="eu-central-1"), NOBODY),
    (REGIONS, Ask(action="iam:ListUsers", region="us-east-1"), NOBODY),
    (REGIONS, Ask(action="route53:ListHostedZones", region="us-east-1"), NOBODY),
    (PROTECTED, Ask(action="iam:DeleteRole", resource=GUARDED_ROLE), BUT_PLATFORM),
    (PROTECTED, Ask(action="iam:DeleteRole", resource="arn:aws:iam::{owner}:role/other"), NOBODY),
    (PROTECTED, Ask(action="iam:GetRole", resource=GUARDED_ROLE), NOBODY),
    (NO_ROOT, Ask(action="s3:GetObject", resource=BUCKET), frozenset((ROOT,))),
    (NO_ROOT, Ask(action="iam:GetAccountSummary"), frozenset((ROOT,))),
    (NO_ROOT_BUT_TASKS, Ask(action="s3:GetObject", resource=BUCKET), frozenset((ROOT,))),
    (STAY, Ask(action="organizations:LeaveOrganization"), BOUND),
    (STAY, Ask(action="organizations:DescribeOrganization"), NOBODY),
    (MFA, Ask(action="ec2:StopInstances", resource=INSTANCE), BOUND - {USER_WITH_MFA}),
    (MFA, Ask(action="ec2:StartInstances", resource=INSTANCE), NOBODY),
    # Who signs with an access key brings no such key along.
    (MFA_OF_SESSIONS, Ask(action="ec2:StopInstances", resource=INSTANCE), BOUND - {USER_WITH_MFA, USER, ROOT}),
    (
        TAGS,
        Ask(action="ec2:DeleteTags", resource=INSTANCE, tags={"team": "blue"}, keys={"aws:TagKeys": ("team",)}),
        UNTAGGED,
    ),
    (
        TAGS,
        Ask(action="ec2:DeleteTags", resource=INSTANCE, tags={"team": "red"}, keys={"aws:TagKeys": ("other",)}),
        BUT_PLATFORM,
    ),
    (
        TAGS,
        Ask(
            action="ec2:CreateTags",
            resource=INSTANCE,
            keys={"aws:TagKeys": ("team",), "aws:RequestTag/team": "red"},
        ),
        BUT_PLATFORM,
    ),
    (
        TAGS,
        Ask(
            action="ec2:CreateTags",
            resource=INSTANCE,
            keys={"aws:TagKeys": ("team",), "aws:RequestTag/team": "blue"},
        ),
        UNTAGGED,
    ),
    (TAGS, Ask(action="ec2:DeleteTags", resource=INSTANCE, keys={"aws:TagKeys": ("other",)}), NOBODY),
    (IDENTITIES, Ask(action="s3:GetObject", resource=BUCKET, owner="member"), frozenset((OUTSIDER,))),
    (
        IDENTITIES,
        Ask(action="sts:AssumeRole", resource="arn:aws:iam::{owner}:role/open", owner="member"),
        frozenset((OUTSIDER,)),
    ),
    (IDENTITIES, Ask(action="s3:GetObject", resource=BUCKET, owner="management"), NOBODY),
    (IDENTITIES, Ask(action="s3:GetObject", resource=BUCKET, owner="outsider"), NOBODY),
    # RCPs do not control EC2.
    (IDENTITIES, Ask(action="ec2:StopInstances", resource=INSTANCE, owner="member"), NOBODY),
    (CONFUSED_DEPUTY, Ask(action="s3:PutObject", resource=BUCKET, owner="member"), frozenset((CONFUSED,))),
    (
        CONFUSED_DEPUTY,
        Ask(action="s3:PutObject", resource=BUCKET, owner="member", keys={"aws:SourceAccount": ""}),
        NOBODY,
    ),
    (RESOURCES, Ask(action="s3:PutObject", resource=BUCKET, owner="outsider"), BOUND),
    (RESOURCES, Ask(action="s3:PutObject", resource=BUCKET, owner="management"), NOBODY),
    (RESOURCES, Ask(action="s3:PutObject", resource=BUCKET, owner="member"), NOBODY),
    (NETWORKS, Ask(action="s3:GetObject", resource=BUCKET, peer=OUT), BUT_PLATFORM),
    (NETWORKS, Ask(action="s3:GetObject", resource=BUCKET, peer="2001:db9::1"), BUT_PLATFORM),
    (NETWORKS, Ask(action="s3:GetObject", resource=BUCKET, peer="2001:db8::1"), NOBODY),
    (NETWORKS, Ask(action="s3:GetObject", resource=BUCKET, peer="192.0.2.255"), NOBODY),
    (NETWORKS, Ask(action="s3:GetObject", resource=BUCKET, peer=OUT, keys={"aws:ViaAWSService": "true"}), NOBODY),
    (NETWORKS, Ask(action="s3:GetObject", resource=BUCKET, keys={"aws:SourceIp": ""}), BUT_PLATFORM),
    (
        NETWORKS,
        Ask(action="s3:GetObject", resource=BUCKET, keys={"aws:SourceIp": "", "aws:SourceVpc": "vpc-inside"}),
        NOBODY,
    ),
    (NETWORKS, Ask(action="iam:PassRole", resource="arn:aws:iam::{owner}:role/r", peer=OUT), NOBODY),
)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    with open_world(tmp_path_factory.mktemp("guardrails")) as world:
        estate = an_estate(world)
        enable(estate, RCP)
        yield with_roles(everybody(estate))


def with_roles(people: Everybody) -> Everybody:
    """Roles of a member, by their tags and for a guardrail, and one of every account that anybody may assume."""
    world, member = people.world, people.callers[ROOT]
    role(world, "guardrails-audit", root=member)
    role(world, "other", root=member)
    for name in ("blue", "red"):
        role(world, name, root=member, Tags=[{"Key": "team", "Value": name}])
    role(world, "bare", root=member)
    for owner in (people.outside, member, world.root):
        role(world, "open", trusting("*"), root=owner)
    return people


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


def test_without_guardrails_all_is_allowed(people: Everybody) -> None:
    for _, ask, _ in TABLE:
        assert people.denied(ask) == {}, ask


def _named(value: object) -> str:
    return str(value) if isinstance(value, Ask) else getattr(value, "name", "")


@pytest.mark.parametrize(("guardrail", "ask", "denied"), TABLE, ids=_named)
def test_the_guardrail_holds(people: Everybody, guardrail: Guardrail, ask: Ask, denied: frozenset[str]) -> None:
    layer = Layer.SCP if guardrail.kind == SCP else Layer.RCP
    with guarded(people, guardrail):
        assert people.denied(ask) == dict.fromkeys(denied, layer)


@pytest.mark.parametrize(("guardrail", "told"), [(NO_ROOT, Layer.SCP), (NO_ROOT_BUT_TASKS, ALLOWED)])
def test_a_session_of_assume_root_is_the_root_user_unless_it_is_told_apart(
    people: Everybody, guardrail: Guardrail, told: str
) -> None:
    with guarded(people, guardrail):
        assert people.of_operation(ROOT_SESSION, "GetAccountSummary") == told
        assert people.of_operation(ROOT, "GetAccountSummary") == Layer.SCP


# --- what operations bring along


def of_operation(people: Everybody, callers: Collection[str], operation: str, **given: Any) -> set[str]:
    """Those of the callers whom a guardrail denies an operation."""
    told = {who: people.of_operation(who, operation, **given) for who in callers}
    assert set(told.values()) <= {ALLOWED, Layer.SCP, Layer.RCP}
    return {who for who, layer in told.items() if layer != ALLOWED}


CALLERS = EVERYBODY - {SERVICE, CONFUSED}
OF_IAM = CALLERS - {FEDERATED}
"""Those whom IAM and STS take calls of."""


def test_a_member_may_not_leave(people: Everybody) -> None:
    call = {"operation": "LeaveOrganization", "service": "organizations"}
    assert of_operation(people, CALLERS, **call) == set()
    with guarded(people, STAY):
        assert of_operation(people, CALLERS, **call) == BOUND


def test_roles_of_guardrails_are_not_deleted(people: Everybody) -> None:
    call = {"operation": "DeleteRole", "RoleName": "guardrails-audit"}
    assert of_operation(people, OF_IAM, **call) == set()
    with guarded(people, PROTECTED):
        assert of_operation(people, OF_IAM, **call) == BUT_PLATFORM - {FEDERATED}
        assert of_operation(people, OF_IAM, operation="DeleteRole", RoleName="other") == set()


def test_no_device_is_deactivated_without_mfa(people: Everybody) -> None:
    serial = f"arn:aws:iam::{people.accounts['member']}:mfa/phone"
    call = {"operation": "DeactivateMFADevice", "UserName": "alice", "SerialNumber": serial}
    assert of_operation(people, OF_IAM, **call) == set()
    with guarded(people, MFA):
        assert of_operation(people, OF_IAM, **call) == BOUND - {USER_WITH_MFA, FEDERATED}


@pytest.mark.parametrize(
    ("role", "operation", "given", "denied"),
    [
        ("blue", "UntagRole", {"TagKeys": ["team"]}, UNTAGGED),
        ("red", "UntagRole", {"TagKeys": ["team"]}, BUT_PLATFORM),
        ("red", "UntagRole", {"TagKeys": ["other"]}, BUT_PLATFORM),
        ("bare", "TagRole", {"Tags": [{"Key": "team", "Value": "blue"}]}, UNTAGGED),
        ("bare", "TagRole", {"Tags": [{"Key": "team", "Value": "red"}]}, BUT_PLATFORM),
        ("bare", "TagRole", {"Tags": [{"Key": "other", "Value": "red"}]}, NOBODY),
    ],
)
def test_tags_are_for_their_team_to_change(
    people: Everybody, role: str, operation: str, given: Mapping[str, Any], denied: frozenset[str]
) -> None:
    members = BOUND - {FEDERATED}
    call = {"operation": operation, "RoleName": role, **given}
    assert of_operation(people, members, **call) == set()
    with guarded(people, TAGS):
        assert of_operation(people, members, **call) == denied - {FEDERATED}


ASSUMERS = OF_IAM - {ROOT, MANAGEMENT_ROOT, USER_WITH_MFA}
"""Those who may assume roles; USER_WITH_MFA is as USER."""


def assuming(people: Everybody, kind: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{people.accounts[kind]}:role/open"
    return {"operation": "AssumeRole", "service": "sts", "RoleArn": arn, "RoleSessionName": "session"}


def test_a_role_is_not_assumed_from_outside(people: Everybody) -> None:
    with guarded(people, IDENTITIES):
        assert of_operation(people, ASSUMERS, **assuming(people, "member")) == {OUTSIDER}
        assert of_operation(people, ASSUMERS, **assuming(people, "management")) == set()
        assert of_operation(people, ASSUMERS, **assuming(people, "outsider")) == set()


def test_a_role_outside_is_not_assumed(people: Everybody) -> None:
    with guarded(people, RESOURCES):
        assert of_operation(people, ASSUMERS, **assuming(people, "outsider")) == BOUND & ASSUMERS
        assert of_operation(people, ASSUMERS, **assuming(people, "management")) == set()


def test_who_signs_in_with_saml_is_of_no_organization(people: Everybody) -> None:
    federation = people.federation
    with guarded(people, IDENTITIES):
        assert federation.assume(federation.answer(id="_signs_in_again"))
    with guarded(people, SIGN_IN):
        told = federation.refused(federation.answer(id="_is_refused"))
    assert told == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
