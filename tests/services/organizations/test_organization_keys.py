"""The condition keys that tell of organizations, and the sentences of denials by their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carnet.policy.trace import explain
from carnet.services.registry import SERVICES
from tests.services.iam.documents import Document, allow, deny, trust
from tests.services.organizations.estate import Estate
from tests.services.organizations.guardrails import RCP, SCP, Guardrails, guardrails, refusal, role_session
from tests.services.sts.trust import ASSUME, role, trusting
from tests.services.world import Caller


@pytest.fixture
def guarded(estate: Estate) -> Guardrails:
    return guardrails(estate)


def may_if(estate: Estate, root: Caller, condition: Mapping[str, Any]) -> bool:
    """Whether a user of the account may list users, allowed under that condition."""
    name = f"u{estate.world.clock().timestamp():.0f}"
    estate.world.clock.advance(1)
    user = estate.world.user(name, [allow("iam:ListUsers", condition=condition)], root=root)
    return refusal(estate, user, "ListUsers") is None


@pytest.mark.parametrize("whose", ["Principal", "Resource"])
def test_keys_tell_the_organization_and_the_path_of_principal_and_resource(estate: Estate, whose: str) -> None:
    unit = estate.unit("Workloads")
    member, outside = estate.member(unit), estate.world.account()
    same = {"StringEquals": {f"aws:{whose}OrgID": estate.organization}}
    assert may_if(estate, member, same)
    assert may_if(estate, estate.world.root, same)
    assert not may_if(estate, outside, same)
    assert may_if(estate, outside, {"Null": {f"aws:{whose}OrgID": "true", f"aws:{whose}OrgPaths": "true"}})
    path = f"{estate.organization}/{estate.root}/{unit}/"
    below = {"ForAnyValue:StringLike": {f"aws:{whose}OrgPaths": f"{path}*"}}
    assert may_if(estate, member, below)
    assert not may_if(estate, estate.world.root, below)


def test_a_move_changes_the_path_on_the_next_request(estate: Estate) -> None:
    there, here = estate.unit("There"), estate.unit("Here")
    member = estate.member(here)
    path = f"{estate.organization}/{estate.root}/{there}/"
    policy = allow("iam:ListUsers", condition={"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": path}})
    callers = [estate.world.user("alice", [policy], root=member), role_session(estate, member, allows=policy)]
    assert all(refusal(estate, caller, "ListUsers") is not None for caller in callers)
    estate.call("MoveAccount", AccountId=estate.account_of(member), SourceParentId=here, DestinationParentId=there)
    assert all(refusal(estate, caller, "ListUsers") is None for caller in callers)


def test_a_trust_policy_lets_the_whole_organization_in_and_nobody_else(estate: Estate) -> None:
    world = estate.world
    callee, member, outside = estate.member(), estate.member(), world.account()
    condition = {"StringEquals": {"aws:PrincipalOrgID": estate.organization}}
    arn = role(world, "shared", trusting("*", condition=condition), root=callee)
    given = {"service": "sts", "RoleArn": arn, "RoleSessionName": "s"}
    for root, lets_in in ((member, True), (world.root, True), (outside, False)):
        caller = world.user("caller", [ASSUME], root=root)
        assert (refusal(estate, caller, "AssumeRole", **given) is None) is lets_in


@pytest.mark.parametrize("key", ["aws:ResourceOrgID", "aws:ResourceOrgPaths"])
def test_keys_of_a_resource_in_another_account_tell_where_that_is(estate: Estate, key: str) -> None:
    world, unit = estate.world, estate.unit("Workloads")
    outside = world.account()
    within = {"StringEquals": {key: estate.organization}}
    if key == "aws:ResourceOrgPaths":
        within = {"ForAnyValue:StringEquals": {key: f"{estate.organization}/{estate.root}/{unit}/"}}
    caller = world.user("caller", [allow("sts:AssumeRole", condition=within)], root=outside)
    for root, lets_in in ((estate.member(unit), True), (world.account(), False)):
        arn = role(world, "shared", trust(estate.account_of(outside)), root=root)
        told = refusal(estate, caller, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="work")
        assert (told is None) is lets_in


def test_a_denial_names_the_scp(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    arn = guarded.attach(SCP, deny("iam:ListUsers"), estate.root)
    account = estate.account_of(member)
    denied = f"User: arn:aws:iam::{account}:root is not authorized to perform: iam:ListUsers"
    told = refusal(estate, member, "ListUsers")
    assert told is not None
    assert told.startswith(denied)
    assert told.endswith(f"with an explicit deny in a service control policy: {arn}")
    assert arn.startswith(f"arn:aws:organizations::{estate.world.account_id}:policy/{estate.organization}/")
    guarded.without_full_access(estate.root)
    told = refusal(estate, member, "ListRoles")
    assert told is not None
    assert told.endswith("because no service control policy allows the iam:ListRoles action")


NOBODY_FROM_OUTSIDE: Document = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalAccount": "999999999999"}},
    },
}


def test_a_denial_names_the_rcp_and_its_arn_within_the_organization_alone(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    callee, member, outside = estate.member(), estate.member(), world.account()
    arn = guarded.attach(RCP, NOBODY_FROM_OUTSIDE, estate.root)
    target = role(world, "shared", trust(estate.account_of(member), estate.account_of(outside)), root=callee)
    given = {"service": "sts", "RoleArn": target, "RoleSessionName": "s"}
    said = "with an explicit deny in a resource control policy"
    told = refusal(estate, world.user("caller", [ASSUME], root=member), "AssumeRole", **given)
    assert told is not None
    assert told.endswith(f"{said}: {arn}")
    told = refusal(estate, world.user("caller", [ASSUME], root=outside), "AssumeRole", **given)
    assert told is not None
    assert told.endswith(said)


def test_a_denied_assume_role_names_the_callers_scp(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    callee, member = estate.member(), estate.member(estate.unit("Here"))
    here = guarded.node(estate.account_of(member))
    arn = guarded.attach(SCP, deny("sts:AssumeRole"), here.id)
    target = role(world, "shared", trust(here.id), root=callee)
    caller = world.user("caller", [ASSUME], root=member)
    for named in (target, target + "-that-is-not-there"):
        told = refusal(estate, caller, "AssumeRole", service="sts", RoleArn=named, RoleSessionName="s")
        assert told is not None
        assert told.endswith(f"on resource: {named} with an explicit deny in a service control policy: {arn}")


def test_an_explanation_tells_the_name_of_a_policy_and_its_level(guarded: Guardrails) -> None:
    estate = guarded.estate
    unit = estate.unit("Workloads")
    member = estate.member(unit)
    arn = guarded.attach(SCP, deny("iam:ListUsers"), unit)
    execution = estate.world.installation.execution
    operation = SERVICES["iam"].operations["ListUsers"]
    outcome = execution.read(operation, estate.world.parsed(operation, estate.world.principal(member), {}))
    decided = outcome.decided[-1]
    told = explain(decided.request, decided.policies).render()
    assert f"{arn} is policy-0, attached to organizational unit Workloads ({unit})" in told
    assert "p-FullAWSAccess is FullAWSAccess, attached to" in told
