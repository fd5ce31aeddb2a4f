"""Centralized root access: its features, and sessions of AssumeRoot that do one task as a member's root user."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import OrganizationAccount
from carnet.identity.credentials import standing
from carnet.services.root_passwords import give_leave, set_by_token
from tests.services.iam.documents import allow, deny, trust
from tests.services.meanwhile import happens_meanwhile
from tests.services.organizations.estate import Estate
from tests.services.organizations.guardrails import SCP, guardrails, refusal
from tests.services.world import Caller, ServiceError, World

IAM = "iam.amazonaws.com"
TASK = "arn:aws:iam::aws:policy/root-task/{}".format
AUDIT, DELETE, CREATE = map(
    TASK, ("IAMAuditRootUserCredentials", "IAMDeleteRootUserCredentials", "IAMCreateRootUserPassword")
)
UNLOCK = TASK("S3UnlockBucketPolicy")
FEATURES = ("RootCredentialsManagement", "RootSessions")


def changed(estate: Estate, entity: object) -> None:
    with estate.world.installation.store.write() as unit:
        unit.save(entity)
    estate.world.installation.directory.catch_up()


def organization(estate: Estate) -> Any:
    return estate.world.snapshot.organizations[estate.organization].organization


@pytest.fixture
def trusting(estate: Estate) -> Estate:
    """An organization that trusts IAM."""
    changed(estate, replace(organization(estate), trusted_services={IAM: 1}))
    return estate


@pytest.fixture
def enabled(trusting: Estate) -> Estate:
    """One that has enabled both features."""
    for feature in ("RootCredentialsManagement", "RootSessions"):
        trusting.world.call(trusting.world.root, f"EnableOrganizations{feature}")
    return trusting


def delegate(estate: Estate, caller: Caller) -> None:
    """Make the caller's account a delegated administrator for IAM."""
    account = estate.world.snapshot.organizations[estate.organization].of(OrganizationAccount)
    changed(estate, replace(account.by_id[estate.account_of(caller)], delegations={IAM: 1}))


def code_of(estate: Estate, caller: Caller, operation: str, **given: Any) -> str:
    return told_of(estate, caller, operation, **given)[0]


def told_of(estate: Estate, caller: Caller, operation: str, **given: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as error:
        estate.world.call(caller, operation, **given)
    return error.value.code, error.value.message


# --- features


def test_features_are_enabled_and_disabled_one_by_one(trusting: Estate) -> None:
    world, root = trusting.world, trusting.world.root

    def told(operation: str) -> object:
        answer = world.call(root, operation)
        assert answer["OrganizationId"] == trusting.organization
        return answer["EnabledFeatures"]

    assert told("ListOrganizationsFeatures") == []
    assert told("EnableOrganizationsRootSessions") == ["RootSessions"]
    assert told("EnableOrganizationsRootSessions") == ["RootSessions"]
    assert told("EnableOrganizationsRootCredentialsManagement") == [*FEATURES]
    assert told("DisableOrganizationsRootSessions") == ["RootCredentialsManagement"]
    assert told("ListOrganizationsFeatures") == ["RootCredentialsManagement"]
    assert told("DisableOrganizationsRootCredentialsManagement") == []


def test_features_need_trusted_access_and_all_features(estate: Estate) -> None:
    root = estate.world.root
    account = estate.account_of(root)
    sentence = f"Trusted Access for IAM not enabled by organization of input account {account}."
    for operation in ("EnableOrganizationsRootSessions", "ListOrganizationsFeatures"):
        assert told_of(estate, root, operation) == ("ServiceAccessNotEnabledException", sentence)
    changed(estate, replace(organization(estate), feature_set=FeatureSet.CONSOLIDATED_BILLING))
    assert code_of(estate, root, "ListOrganizationsFeatures") == "OrganizationNotInAllFeaturesModeException"


def test_a_member_may_not_and_a_delegated_administrator_may_not_enable(trusting: Estate) -> None:
    member = trusting.member()
    for operation in ("ListOrganizationsFeatures", "EnableOrganizationsRootSessions"):
        refused = "AccountNotManagementOrDelegatedAdministratorException"
        assert code_of(trusting, member, operation) == refused
    delegate(trusting, member)
    assert trusting.world.call(member, "ListOrganizationsFeatures")["EnabledFeatures"] == []
    assert trusting.world.call(member, "DisableOrganizationsRootSessions")["EnabledFeatures"] == []
    assert code_of(trusting, member, "EnableOrganizationsRootSessions") == "CallerIsNotManagementAccountException"


# --- AssumeRoot


def assume_root(estate: Estate, caller: Caller, member: Caller, task: str, **given: Any) -> Caller:
    members = {"TargetPrincipal": estate.account_of(member), "TaskPolicyArn": {"arn": task}, **given}
    return estate.world.session(estate.world.call(caller, "AssumeRoot", service="sts", **members))


def may_assume(estate: Estate, caller: Caller, member: Caller, task: str = AUDIT) -> bool:
    given = {"TargetPrincipal": estate.account_of(member), "TaskPolicyArn": {"arn": task}}
    return refusal(estate, caller, "AssumeRoot", service="sts", **given) is None


@pytest.fixture
def admin(enabled: Estate) -> Caller:
    """A user of the management account who may call AssumeRoot."""
    return enabled.world.user("admin", [allow("sts:AssumeRoot")])


def test_a_session_is_the_members_root_user(enabled: Estate, admin: Caller) -> None:
    member = enabled.member()
    account = enabled.account_of(member)
    session = assume_root(enabled, admin, member, AUDIT)
    told = enabled.world.call(session, "GetCallerIdentity", service="sts")
    assert (told["Account"], told["Arn"]) == (account, f"arn:aws:iam::{account}:root")
    keys = enabled.world.call(session, "ListAccessKeys")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [member.key_id]


def test_a_session_keeps_and_tells_the_source_identity(enabled: Estate) -> None:
    world, member = enabled.world, enabled.member()
    alice = world.user("alice", [allow("sts:*")])
    document = trust(world.principal(alice).principal.arn, also=("sts:SetSourceIdentity",))
    role = world.call(world.root, "CreateRole", RoleName="roots", AssumeRolePolicyDocument=document)["Role"]
    policy = json.dumps(allow("sts:AssumeRoot"))
    world.call(world.root, "PutRolePolicy", RoleName="roots", PolicyName="all", PolicyDocument=policy)
    given: dict[str, Any] = {"TargetPrincipal": enabled.account_of(member), "TaskPolicyArn": {"arn": AUDIT}}
    for said in ({}, {"SourceIdentity": "ann"}):
        asked = {"RoleArn": role["Arn"], "RoleSessionName": "session", **said}
        caller = world.session(world.call(alice, "AssumeRole", service="sts", **asked))
        answer = world.call(caller, "AssumeRoot", service="sts", **given)
        assert answer.get("SourceIdentity") == said.get("SourceIdentity")
        session = world.principal(world.session(answer)).credential.session
        assert session is not None
        assert session.source_identity == said.get("SourceIdentity")


def test_a_session_may_do_its_task_alone(enabled: Estate, admin: Caller) -> None:
    member = enabled.member()
    enabled.world.user("alice", root=member)
    audit, delete = (assume_root(enabled, admin, member, task) for task in (AUDIT, DELETE))
    for forbidden in ("ListUsers", "ListRoles"):
        told = refusal(enabled, audit, forbidden)
        assert told is not None
        assert told.endswith(f"with an explicit deny in an identity-based policy: {AUDIT}")
    assert refusal(enabled, audit, "ListAccessKeys", UserName="alice") is not None
    assert refusal(enabled, audit, "DeleteAccessKey", AccessKeyId=member.key_id) is not None
    assert refusal(enabled, audit, "GetScopedCredentials", service="sts", Policy="{}", DurationSeconds=900) is not None
    assert refusal(enabled, delete, "DeleteAccessKey", AccessKeyId=member.key_id) is None
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        enabled.world.call(member, "ListUsers")


def test_the_root_password_is_removed_and_allowed_again(enabled: Estate, admin: Caller) -> None:
    world, member = enabled.world, enabled.member()
    account = enabled.account_of(member)
    set_password(world, account, "A-long-password-1")
    delete, create = (assume_root(enabled, admin, member, task) for task in (DELETE, CREATE))
    with pytest.raises(ServiceError, match="EntityAlreadyExists"):
        world.call(create, "CreateLoginProfile")
    world.call(delete, "DeleteLoginProfile")
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        world.call(delete, "GetLoginProfile")
    with pytest.raises(ServiceError, match="ValidationError"):
        world.call(create, "CreateLoginProfile", Password="A-long-password-2")
    assert refusal(enabled, create, "CreateLoginProfile", UserName="alice", Password="A-long-password-2") is not None
    world.call(create, "CreateLoginProfile")
    assert world.call(delete, "GetLoginProfile")["LoginProfile"]["UserName"] == "root"
    set_password(world, account, "A-long-password-3")


def test_of_two_who_allow_a_root_password_at_once_one_is_refused(
    enabled: Estate, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, member = enabled.world, enabled.member()
    create = assume_root(enabled, admin, member, CREATE)
    happens_meanwhile(monkeypatch, lambda: set_password(world, enabled.account_of(member), "A-long-password-1"))
    with pytest.raises(ServiceError, match="EntityAlreadyExists: Login Profile for user root already exists"):
        world.call(create, "CreateLoginProfile")


def set_password(world: World, account: str, password: str) -> None:
    """Reset the root password of the account as its operator does."""
    installation = world.installation
    with installation.operator_call().transaction() as transaction:
        given = give_leave(transaction, account=account, lifetime=timedelta(minutes=5), remove_mfa=False)
    installation.directory.catch_up()
    passwords = installation.execution.parts.passwords
    set_by_token(installation.operator_call(), passwords, token=given.token, password=password)
    installation.directory.catch_up()


def test_the_members_own_root_user_still_names_a_user(enabled: Estate) -> None:
    member = enabled.member()
    with pytest.raises(ServiceError, match="Must specify userName"):
        enabled.world.call(member, "GetLoginProfile")


def test_scps_bind_a_session_of_root(enabled: Estate, admin: Caller) -> None:
    member = enabled.member()
    session = assume_root(enabled, admin, member, AUDIT)
    arn = guardrails(enabled).attach(SCP, deny("iam:*", condition={"Bool": {"aws:AssumedRoot": "true"}}), enabled.root)
    told = refusal(enabled, session, "ListAccessKeys")
    assert told is not None
    assert told.endswith(f"with an explicit deny in a service control policy: {arn}")
    assert refusal(enabled, member, "ListAccessKeys") is None


@pytest.mark.parametrize("ended", ["left", "feature", "trust"])
def test_a_session_ends_with_what_allowed_it(enabled: Estate, admin: Caller, ended: str) -> None:
    """Who has left the organization is nobody's to manage, and no SCP binds the session any more."""
    member, world = enabled.member(), enabled.world
    sessions = [assume_root(enabled, admin, member, task) for task in (AUDIT, UNLOCK)]
    for session in sessions:
        world.call(session, "GetCallerIdentity", service="sts")
    if ended == "left":
        enabled.call_as(member, "LeaveOrganization")
    elif ended == "feature":
        world.call(world.root, "DisableOrganizationsRootSessions")
    else:
        changed(enabled, replace(organization(enabled), trusted_services={}))
    assert [_is_good(world, session) for session in sessions] == [ended == "feature", False]


def test_a_session_ends_when_its_caller_s_account_administers_iam_no_more(enabled: Estate, admin: Caller) -> None:
    member, other, world = enabled.member(), enabled.member(), enabled.world
    delegate(enabled, other)
    delegated = world.user("delegated", [allow("sts:AssumeRoot")], root=other)
    session, of_management = (assume_root(enabled, caller, member, AUDIT) for caller in (delegated, admin))
    assert _is_good(world, session)
    given = {"AccountId": enabled.account_of(other), "ServicePrincipal": IAM}
    world.call(world.root, "DeregisterDelegatedAdministrator", service="organizations", **given)
    assert not _is_good(world, session)
    assert _is_good(world, of_management)


def test_a_session_that_an_older_release_made_tells_no_caller_and_is_good(enabled: Estate, admin: Caller) -> None:
    world = enabled.world
    claims = world.principal(assume_root(enabled, admin, enabled.member(), AUDIT)).credential.session
    assert claims is not None
    assert standing(world.snapshot, structs.replace(claims, administrator="")) is not None
    assert standing(world.snapshot, structs.replace(claims, administrator=enabled.account_of(world.account()))) is None


def _is_good(world: World, session: Caller) -> bool:
    return world.installation.execution.credentials.find(session.key_id, session.token) is not None


def test_a_session_ends_after_fifteen_minutes(enabled: Estate, admin: Caller) -> None:
    session = assume_root(enabled, admin, enabled.member(), AUDIT)
    enabled.world.clock.advance(899)
    assert refusal(enabled, session, "ListAccessKeys") is None
    enabled.world.clock.advance(1)
    with pytest.raises(ServiceError, match="ExpiredToken"):
        enabled.world.call(session, "ListAccessKeys")


def test_who_may_assume_root(enabled: Estate, admin: Caller) -> None:
    world = enabled.world
    member, other = enabled.member(), enabled.member()
    assert may_assume(enabled, admin, member)
    assert not may_assume(enabled, world.user("nobody"), member)
    assert not may_assume(enabled, world.root, member)
    assert not may_assume(enabled, admin, world.root)
    assert not may_assume(enabled, admin, world.account())
    delegated = world.user("delegated", [allow("sts:AssumeRoot")], root=other)
    assert not may_assume(enabled, delegated, member)
    delegate(enabled, other)
    assert may_assume(enabled, delegated, member)
    assert not may_assume(enabled, delegated, world.root)
    narrow = allow("sts:AssumeRoot", condition={"StringEquals": {"sts:TaskPolicyArn": AUDIT}})
    auditor = world.user("auditor", [narrow])
    assert may_assume(enabled, auditor, member)
    assert not may_assume(enabled, auditor, member, DELETE)


@pytest.mark.parametrize(("feature", "task"), [("RootCredentialsManagement", AUDIT), ("RootSessions", UNLOCK)])
def test_each_task_needs_its_feature(enabled: Estate, admin: Caller, feature: str, task: str) -> None:
    member = enabled.member()
    assert may_assume(enabled, admin, member, task)
    enabled.world.call(enabled.world.root, f"DisableOrganizations{feature}")
    assert not may_assume(enabled, admin, member, task)
    others = {AUDIT, UNLOCK} - {task}
    assert all(may_assume(enabled, admin, member, other) for other in others)


def test_without_trusted_access_nobody_may(enabled: Estate, admin: Caller) -> None:
    member = enabled.member()
    changed(enabled, replace(organization(enabled), trusted_services={}))
    assert not may_assume(enabled, admin, member)
