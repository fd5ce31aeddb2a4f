"""SCPs bind who calls from the accounts below, RCPs what these accounts own, on the next request."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from carnet.access.organization_policies import NOTHING, bound, scps_of
from carnet.identity.principals import root_principal
from carnet.policy.policies import Policies
from tests.services.iam.documents import Document, allow, deny, trust
from tests.services.organizations.estate import Estate
from tests.services.organizations.guardrails import (
    EVERYTHING,
    RCP,
    SCP,
    Guardrails,
    guardrails,
    not_available,
    refusal,
    role_session,
)
from tests.services.sts.federation import Federation
from tests.services.sts.trust import ASSUME, assume, role
from tests.services.world import Caller, World

NO_USERS = deny("iam:ListUsers")
ASSUME_NOTHING: Document = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*"},
}


@pytest.fixture
def guarded(estate: Estate) -> Guardrails:
    return guardrails(estate)


def may_list(estate: Estate, caller: Caller) -> bool:
    return refusal(estate, caller, "ListUsers") is None


# --- SCPs


def test_an_scp_binds_who_calls_from_the_accounts_below_and_nobody_else(guarded: Guardrails) -> None:
    estate = guarded.estate
    unit = estate.unit("Workloads")
    inside, beside, outside = estate.member(unit), estate.member(), estate.world.account()
    guarded.attach(SCP, NO_USERS, unit)
    bound = [inside, estate.world.user("alice", [EVERYTHING], root=inside), role_session(estate, inside)]
    assert not any(may_list(estate, caller) for caller in bound)
    free = [beside, outside, estate.world.root, role_session(estate, beside)]
    assert all(may_list(estate, caller) for caller in free)


def test_an_scp_at_the_root_does_not_bind_the_management_account(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    admin = estate.world.user("admin", [EVERYTHING])
    guarded.attach(SCP, deny("*"), estate.root)
    assert may_list(estate, estate.world.root)
    assert may_list(estate, admin)
    assert not may_list(estate, member)


def test_an_scp_lets_no_one_do_more(guarded: Guardrails) -> None:
    member = guarded.estate.member()
    guarded.attach(SCP, EVERYTHING, guarded.estate.root)
    assert not may_list(guarded.estate, guarded.estate.world.user("alice", root=member))


def test_every_level_must_allow(guarded: Guardrails) -> None:
    estate = guarded.estate
    unit = estate.unit("Workloads")
    member = estate.member(unit)
    guarded.attach(SCP, allow("iam:ListUsers"), unit)
    assert refusal(estate, member, "ListRoles") is None
    guarded.without_full_access(unit)
    assert may_list(estate, member)
    assert refusal(estate, member, "ListRoles") is not None
    account = estate.account_of(member)
    guarded.attach(SCP, allow("iam:ListRoles"), account)
    guarded.without_full_access(account)
    assert not may_list(estate, member)
    assert refusal(estate, member, "ListRoles") is not None


def test_a_level_without_any_policy_allows_nothing(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    guarded.without_full_access(estate.root)
    assert not may_list(estate, member)
    assert may_list(estate, estate.world.root)


def test_an_edit_an_attachment_a_move_and_a_type_act_on_the_next_request(guarded: Guardrails) -> None:
    estate = guarded.estate
    closed, open_ = estate.unit("Closed"), estate.unit("Open")
    member = estate.member(closed)
    account, caller = estate.account_of(member), role_session(estate, member)
    assert may_list(estate, caller)
    arn = guarded.attach(SCP, NO_USERS, closed)
    assert not may_list(estate, caller)
    estate.call("MoveAccount", AccountId=account, SourceParentId=closed, DestinationParentId=open_)
    assert may_list(estate, caller)
    estate.call("MoveAccount", AccountId=account, SourceParentId=open_, DestinationParentId=closed)
    assert not may_list(estate, caller)
    guarded.edit(arn, deny("iam:ListRoles"))
    assert may_list(estate, caller)
    guarded.edit(arn, NO_USERS)
    assert not may_list(estate, caller)
    guarded.detach(arn, closed)
    assert may_list(estate, caller)
    guarded.attach(SCP, NO_USERS, estate.root)
    assert not may_list(estate, caller)
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType=SCP)
    assert may_list(estate, caller)


def test_policies_of_a_type_that_is_not_enabled_do_nothing(estate: Estate) -> None:
    member = estate.member()
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType=SCP)
    Guardrails(estate=estate).attach(SCP, deny("*"), estate.root)
    assert may_list(estate, member)


def test_session_policies_are_weighed_with_scps(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    assumer = estate.world.user("assumer", [allow("sts:*")], root=member)
    arn = role(estate.world, "worker", root=member)
    narrowed = json.dumps(allow("iam:ListUsers", "iam:ListRoles"))
    session = estate.world.session(assume(estate.world, assumer, arn, Policy=narrowed))
    assert may_list(estate, session)
    guarded.attach(SCP, NO_USERS, estate.root)
    assert not may_list(estate, session)
    assert refusal(estate, session, "ListRoles") is None
    assert refusal(estate, session, "ListGroups") is not None


def test_an_scp_leaves_actions_that_need_no_permission_alone(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    guarded.attach(SCP, deny("*"), estate.root)
    assert refusal(estate, member, "GetCallerIdentity", service="sts") is None


def test_a_simulation_of_a_principal_asks_the_scps_above_its_account(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    guarded.attach(SCP, NO_USERS, estate.root)
    estate.world.user("alice", [EVERYTHING], root=member)
    arn = f"arn:aws:iam::{estate.account_of(member)}:user/alice"
    actions = ["iam:ListUsers", "iam:ListRoles"]
    told = estate.world.call(member, "SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=actions)
    results = told["EvaluationResults"]
    assert [one["EvalDecision"] for one in results] == ["explicitDeny", "allowed"]
    allowed = [one["OrganizationsDecisionDetail"]["AllowedByOrganizations"] for one in results]
    assert allowed == [False, True]


# --- RCPs


def test_an_rcp_binds_whoever_calls_on_what_an_account_below_owns(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    owner, outsider = estate.member(), world.account()
    stranger = world.user("stranger", [ASSUME], root=outsider)
    own = world.user("own", [ASSUME], root=owner)
    arns = [role(world, "r", trust(estate.account_of(outsider), estate.account_of(owner)), root=owner)]
    callers = [stranger, own]
    assert all(assume(world, caller, arn) for caller in callers for arn in arns)
    guarded.attach(RCP, ASSUME_NOTHING, estate.root)
    for caller in callers:
        assert refusal(estate, caller, "AssumeRole", service="sts", RoleArn=arns[0], RoleSessionName="s") is not None


def test_an_rcp_binds_neither_the_management_accounts_resources_nor_a_members_calls_elsewhere(
    guarded: Guardrails,
) -> None:
    estate, world = guarded.estate, guarded.estate.world
    member, outside = estate.member(), world.account()
    caller = world.user("caller", [ASSUME], root=member)
    guarded.attach(RCP, ASSUME_NOTHING, estate.root)
    trusted = trust(estate.account_of(member))
    assert assume(world, caller, role(world, "r", trusted))
    assert assume(world, caller, role(world, "r", trusted, root=outside))


def test_a_level_with_rcps_allows_everything_whatever_scps_it_has(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    unit = estate.unit("Workloads")
    owner = estate.member(unit)
    guarded.attach(SCP, EVERYTHING, unit)
    guarded.without_full_access(unit)
    deny_s3 = {**ASSUME_NOTHING["Statement"], "Action": "s3:*"}
    guarded.attach(RCP, {**ASSUME_NOTHING, "Statement": deny_s3}, unit)
    own = world.user("own", [ASSUME], root=owner)
    assert assume(world, own, role(world, "r", root=owner))


def test_an_rcp_controls_only_the_services_that_rcps_control(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    everything = {**ASSUME_NOTHING["Statement"], "Action": "*"}
    guarded.attach(RCP, {**ASSUME_NOTHING, "Statement": everything}, estate.root)
    assert may_list(estate, member)


def test_an_rcp_binds_who_is_vouched_for(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    federation = Federation(world, root=estate.member())
    session = world.session(federation.assume())
    assert may_list(estate, session)
    guarded.attach(SCP, NO_USERS, estate.root)
    assert not may_list(estate, session)
    assert federation.assume(federation.answer(id="_another"))
    guarded.attach(RCP, ASSUME_NOTHING, estate.root)
    code, message = federation.refused(federation.answer(id="_third"))
    assert (code, message) == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")


# --- into a member


def test_both_accounts_guardrails_bind_an_assumed_role(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    there, here = estate.unit("There"), estate.unit("Here")
    callee, caller_account = estate.member(there), estate.member(here)
    caller = world.user("caller", [ASSUME], root=caller_account)
    arn = role(world, "r", trust(estate.account_of(caller_account)), root=callee)
    session = world.session(assume(world, caller, arn))
    blocked = guarded.attach(SCP, deny("sts:AssumeRole"), here)
    assert refusal(estate, caller, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s") is not None
    # What was assumed before acts from its own account.
    assert may_list(estate, session)
    guarded.detach(blocked, here)
    guarded.attach(SCP, deny("sts:AssumeRole"), there)
    assert assume(world, caller, arn)
    guarded.attach(SCP, NO_USERS, there)
    assert not may_list(estate, session)


# --- fail closed


def _broken(world: World, organization: str) -> None:
    """Make the organization one that cannot be read."""
    directory = world.installation.directory
    snapshot = directory.snapshot
    shown = replace(snapshot.shown, organizations=snapshot.shown.organizations.delete(organization))
    directory.snapshot = replace(snapshot, shown=shown)


def test_an_organization_that_cannot_be_read_allows_its_accounts_nothing(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    member, outside = estate.member(), world.account()
    stranger = world.user("stranger", [ASSUME], root=outside)
    arn = role(world, "r", trust(estate.account_of(outside)), root=member)
    _broken(world, estate.organization)
    for caller in (member, world.root):
        not_available(estate, caller, "ListUsers")
    not_available(estate, stranger, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s")
    assert may_list(estate, outside)


def test_a_policy_that_is_attached_and_gone_allows_nothing(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member()
    with estate.world.installation.store.write() as unit:
        unit.save(replace(guarded.node(estate.root), attached=("p-gone0000",)))
    estate.world.installation.directory.catch_up()
    not_available(estate, member, "ListUsers")
    assert may_list(estate, estate.world.root)


# --- what is remembered


def _levels(estate: Estate, caller: Caller) -> object:
    return scps_of(estate.world.snapshot, estate.account_of(caller))


def test_accounts_below_one_parent_have_the_very_same_levels(guarded: Guardrails) -> None:
    estate = guarded.estate
    unit, other = estate.unit("Workloads"), estate.unit("Other")
    first, second, beside = estate.member(unit), estate.member(unit), estate.member(other)
    guarded.attach(SCP, NO_USERS, estate.root)
    guarded.attach(SCP, deny("iam:ListRoles"), unit)
    assert _levels(estate, first) is _levels(estate, second)
    before = _levels(estate, first)
    estate.member(unit)
    assert _levels(estate, first) is before, "a further account changes nothing for the others"
    assert len(scps_of(estate.world.snapshot, estate.account_of(beside)).levels) == 1


def test_levels_that_allow_everything_are_no_levels(guarded: Guardrails) -> None:
    estate, member = guarded.estate, guarded.estate.member(guarded.estate.unit("Workloads"))
    snapshot, account, own = estate.world.snapshot, estate.account_of(member), Policies()
    assert scps_of(snapshot, account) is NOTHING
    root = root_principal(snapshot.accounts[account].account)
    assert bound(snapshot, root, account, own) is own, "neither SCPs nor RCPs"
