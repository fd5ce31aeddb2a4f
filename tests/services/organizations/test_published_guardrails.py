"""Whom of everybody the guardrails bind that AWS publishes as examples (published.py), and on what."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from carnet.policy.decision import Layer
from tests.oidc import issuer
from tests.services.iam.expect import refused
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
from tests.services.organizations.policies import RCP, SCP, enable
from tests.services.organizations.published import (
    CI,
    CONFUSED_DEPUTY,
    IDENTITIES,
    MFA,
    MFA_OF_SESSIONS,
    NETWORKS,
    NO_ROOT,
    NO_ROOT_BUT_TASKS,
    PIPELINES,
    PROTECTED,
    REGIONS,
    RESOURCES,
    SIGN_IN,
    STAY,
    TAGS,
    Guardrail,
    guarded,
)
from tests.services.sts.trust import role, trusting
from tests.services.world import open_world

NOBODY: frozenset[str] = frozenset()
BUCKET = "arn:aws:s3:::bucket/key"
GUARDED_ROLE = "arn:aws:iam::{owner}:role/guardrails-audit"
INSTANCE = "arn:aws:ec2:eu-west-1:{owner}:instance/i-1"
BUT_PLATFORM = BOUND - {PLATFORM}
UNTAGGED = BUT_PLATFORM - {ROLE, SAML}  # who is of no team
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
    directory = tmp_path_factory.mktemp("guardrails")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({f"https://{CI}": issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(directory, oidc_keys_file=keys) as world:
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


def test_only_pipelines_of_the_company_assume_roles_whatever_the_trust_policy_says(people: Everybody) -> None:
    world, member = people.world, people.callers[ROOT]
    url = f"https://{CI}"
    made = world.call(member, "CreateOpenIDConnectProvider", Url=url, ClientIDList=["sts.amazonaws.com"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": made["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {f"{CI}:sub": "repo:*"}},
    }
    arn = role(world, "pipeline", json.dumps({"Version": "2012-10-17", "Statement": statement}), root=member)

    def asked(repository: str) -> dict[str, str]:
        told = issuer.claims(world.clock().timestamp(), iss=url, aud="sts.amazonaws.com", sub=f"repo:{repository}:ref")
        return {"RoleArn": arn, "RoleSessionName": "run", "WebIdentityToken": issuer.signed(told)}

    assert world.unsigned("AssumeRoleWithWebIdentity", **asked("other-company/app"))
    with guarded(people, PIPELINES):
        assert world.unsigned("AssumeRoleWithWebIdentity", **asked("our-company/app"))
        told = refused(world, None, "AssumeRoleWithWebIdentity", service="sts", **asked("other-company/app"))
    assert told == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
