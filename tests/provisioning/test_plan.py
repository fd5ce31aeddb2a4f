"""What a plan says, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnet.provisioning.plan import Verdict
from tests.provisioning.planning import ALLOW, DENY, applied, done, planned, problem, trust_of
from tests.services.world import Caller, World, open_world

OTHER = "444455556666"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
KEY = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


def policy(name: str, document: dict[str, Any] = ALLOW, **more: Any) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": document, **more}


def attached(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyArn": arn} for arn in arns]


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def details(world: World) -> dict[str, Any]:
    """What GetAccountAuthorizationDetails answers, as its JSON is printed."""
    answer = world.call(world.root, "GetAccountAuthorizationDetails")
    return dict(json.loads(json.dumps(answer, default=str)))


def full(account: str) -> dict[str, Any]:
    """A document with something of everything."""
    deploy = f"arn:aws:iam::{account}:policy/ops/Deploy"
    return {
        "AccountId": account,
        "Alias": "everything",
        "RootAccessKeys": [{**KEY, "Status": "Inactive"}],
        "Policies": [policy("Deploy", Path="/ops/", Description="d", Tags=tags(a="1"))],
        "GroupDetailList": [
            {
                "GroupName": "developers",
                "Path": "/all/",
                "GroupPolicyList": [policy("g")],
                "AttachedManagedPolicies": attached(READ_ONLY),
            }
        ],
        "UserDetailList": [
            {
                "UserName": "alice",
                "Path": "/people/",
                "GroupList": ["developers"],
                "Tags": tags(team="blue"),
                "UserPolicyList": [policy("u")],
                "AttachedManagedPolicies": attached(deploy, READ_ONLY),
                "PermissionsBoundary": {"PermissionsBoundaryArn": deploy},
                "AccessKeys": [{"AccessKeyId": "AKIAI44QH8DHBEXAMPLE", "SecretAccessKey": "je7MtGbClwBF/2Zp9Utk"}],
            }
        ],
        "RoleDetailList": [
            {
                "RoleName": "deployer",
                "Path": "/ops/",
                "Description": "deploys",
                "MaxSessionDuration": "7200",
                "AssumeRolePolicyDocument": trust_of(f"arn:aws:iam::{account}:user/people/alice", account),
                "RolePolicyList": [policy("r")],
                "AttachedManagedPolicies": attached(deploy),
                "PermissionsBoundary": {"PermissionsBoundaryArn": READ_ONLY},
                "Tags": tags(stage="test"),
                "InstanceProfileList": [{"InstanceProfileName": "web", "Path": "/ec2/", "Tags": tags(b="2")}],
            }
        ],
    }


def test_everything_is_made_and_a_second_time_nothing(world: World) -> None:
    plan = applied(world, full(world.account_id))
    assert [item.verdict for item in plan.items] == [Verdict.UPDATE, *[Verdict.CREATE] * 4]
    assert done(plan) == {
        world.account_id: ["CreateAccountAlias", "CreateAccessKey"],
        "Deploy": ["CreatePolicy"],
        "developers": ["CreateGroup", "PutGroupPolicy", "AttachGroupPolicy"],
        "alice": [
            *("CreateUser", "PutUserPolicy", "AttachUserPolicy", "AttachUserPolicy"),
            *("AddUserToGroup", "CreateAccessKey"),
        ],
        "deployer": [
            *("CreateRole", "PutRolePolicy", "AttachRolePolicy", "CreateInstanceProfile"),
            "AddRoleToInstanceProfile",
        ],
    }
    again = planned(world, full(world.account_id))
    assert {item.verdict for item in again.items} == {Verdict.UNCHANGED}
    assert again.steps == 0


def test_an_export_makes_the_same_account_elsewhere(world: World, tmp_path: Path) -> None:
    applied(world, full(world.account_id))
    exported = details(world)
    with open_world(tmp_path / "other") as other:
        applied(other, exported)
        view = other.snapshot.account(world.account_id)
        assert view is not None
        again = planned(world, exported)
        assert {item.verdict for item in again.items} == {Verdict.UNCHANGED}
        applied(other, {"AccountId": world.account_id, "RootAccessKeys": [{**KEY, "Status": "Active"}]})
        there = details_of(other)
    assert _without_what_is_new(there) == _without_what_is_new(exported)


def details_of(world: World) -> dict[str, Any]:
    root = Caller(KEY["AccessKeyId"], KEY["SecretAccessKey"])
    return dict(json.loads(json.dumps(world.call(root, "GetAccountAuthorizationDetails"), default=str)))


_MADE_ANEW = (
    *("UserId", "GroupId", "RoleId", "PolicyId", "InstanceProfileId", "CreateDate", "UpdateDate"),
    *("Tags", "Description"),  # which the form does not hold of everything
    "Roles",  # of instance profiles, which say of their roles what the roles say
)


def _without_what_is_new(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_what_is_new(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_what_is_new(each) for name, each in value.items() if name not in _MADE_ANEW}
    return value


def test_what_the_document_has_becomes_exactly_so(world: World) -> None:
    account = world.account_id
    applied(world, full(account))
    deploy = f"arn:aws:iam::{account}:policy/ops/Deploy"
    changed = {
        "Policies": [policy("Deploy", DENY, Tags=tags(A="1"))],
        "GroupDetailList": [
            {"GroupName": "developers", "Path": "/", "GroupPolicyList": [], "AttachedManagedPolicies": []},
            {"GroupName": "testers"},
        ],
        "UserDetailList": [
            {
                "UserName": "alice",
                "Path": "/",
                "GroupList": ["testers"],
                "Tags": tags(Team="red"),
                "UserPolicyList": [policy("v")],
                "AttachedManagedPolicies": attached(deploy),
                "PermissionsBoundary": None,
            }
        ],
        "RoleDetailList": [
            {
                "RoleName": "deployer",
                "Description": "other",
                "AssumeRolePolicyDocument": trust_of(account),
                "RolePolicyList": [policy("r", DENY)],
                "PermissionsBoundary": {"PermissionsBoundaryArn": deploy},
                "Tags": [],
                "InstanceProfileList": [{"InstanceProfileName": "api"}],
            }
        ],
    }
    assert done(applied(world, changed)) == {
        "Deploy": ["CreatePolicyVersion", "UntagPolicy", "TagPolicy"],
        "developers": ["UpdateGroup", "DeleteGroupPolicy", "DetachGroupPolicy"],
        "testers": ["CreateGroup"],
        "alice": [
            *("UpdateUser", "DeleteUserPermissionsBoundary", "TagUser", "DeleteUserPolicy", "PutUserPolicy"),
            *("DetachUserPolicy", "RemoveUserFromGroup", "AddUserToGroup"),
        ],
        "deployer": [
            *("PutRolePermissionsBoundary", "UpdateRole", "UntagRole", "PutRolePolicy"),
            *("RemoveRoleFromInstanceProfile", "CreateInstanceProfile", "AddRoleToInstanceProfile"),
            "UpdateAssumeRolePolicy",
        ],
    }


def test_the_longest_sign_in_of_a_role_is_set_changed_and_taken_away(world: World) -> None:
    def longest(**said: Any) -> tuple[list[str], int | None]:
        steps = done(applied(world, {"RoleDetailList": [_ROLE | said]}))
        (name,) = steps or [str(_ROLE["RoleName"])]
        told = world.call(world.root, "GetRole", RoleName=name)["Role"]
        return steps.get(name, []), told.get("MaxSigninSessionDuration")

    assert longest(MaxSigninSessionDuration="5400") == (["CreateRole"], 5400)
    assert longest(MaxSigninSessionDuration="7200") == (["UpdateRole"], 7200)
    assert longest(MaxSigninSessionDuration="3600") == (["UpdateRole"], 3600)
    assert longest(MaxSigninSessionDuration="3600") == longest() == ([], 3600)
    assert longest(MaxSigninSessionDuration=None) == (["UpdateRole"], None)
    assert longest(MaxSigninSessionDuration=None) == ([], None)


def test_what_the_document_does_not_have_stays(world: World) -> None:
    applied(world, full(world.account_id))
    before = details(world)
    trust = trust_of(f"arn:aws:iam::{world.account_id}:user/people/alice", world.account_id)
    bare = {
        "Policies": [policy("deploy")],
        "GroupDetailList": [{"GroupName": "DEVELOPERS"}],
        "UserDetailList": [{"UserName": "alice"}],
        "RoleDetailList": [{"RoleName": "deployer", "AssumeRolePolicyDocument": trust}],
    }
    assert planned(world, bare).steps == 0
    applied(world, {"UserDetailList": []})
    assert details(world) == before


def test_documents_are_compared_as_json(world: World) -> None:
    applied(world, {"Policies": [policy("p")]})
    for text in (json.dumps(ALLOW), json.dumps(ALLOW, indent=4), json.dumps(dict(reversed(ALLOW.items())))):
        assert planned(world, {"Policies": [{"PolicyName": "p", "PolicyDocument": text}]}).steps == 0


def test_a_version_that_is_there_comes_into_force_again_and_the_oldest_makes_room(world: World) -> None:
    def version(number: int) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": f"s3:Get{number}", "Resource": "*"}
        return {"Policies": [policy("p", {"Version": "2012-10-17", "Statement": [statement]})]}

    for number in range(5):
        applied(world, version(number))
    assert done(applied(world, version(1))) == {"p": ["SetDefaultPolicyVersion"]}
    assert done(applied(world, version(6))) == {"p": ["DeletePolicyVersion", "CreatePolicyVersion"]}
    assert done(applied(world, version(1))) == {"p": ["SetDefaultPolicyVersion"]}
    assert done(applied(world, version(0))) == {"p": ["DeletePolicyVersion", "CreatePolicyVersion"]}


def test_roles_may_trust_each_other_and_themselves_in_several_accounts(world: World) -> None:
    def role(name: str, *trusted: str) -> dict[str, Any]:
        return {"RoleName": name, "AssumeRolePolicyDocument": trust_of(*trusted)}

    first, second = f"arn:aws:iam::{world.account_id}:role/first", f"arn:aws:iam::{OTHER}:role/second"
    session = f"arn:aws:sts::{OTHER}:assumed-role/second/work"
    data = {
        "Accounts": [
            {"AccountId": world.account_id, "RoleDetailList": [role("first", second, session), role("third", first)]},
            {"AccountId": OTHER, "RoleDetailList": [role("second", first, second)]},
        ]
    }
    told = done(applied(world, data))
    assert told["first"] == ["CreateRole", "UpdateAssumeRolePolicy"]
    assert told["third"] == ["CreateRole"]
    assert told["second"] == ["CreateRole", "UpdateAssumeRolePolicy"]


def test_a_trust_policy_is_bound_anew_to_who_was_made_again(world: World) -> None:
    trust = trust_of(f"arn:aws:iam::{world.account_id}:user/alice")
    data = {
        "UserDetailList": [{"UserName": "alice"}],
        "RoleDetailList": [{"RoleName": "r", "AssumeRolePolicyDocument": trust}],
    }
    applied(world, data)
    world.call(world.root, "DeleteUser", UserName="alice")
    assert done(applied(world, data)) == {"alice": ["CreateUser"], "r": ["UpdateAssumeRolePolicy"]}


def test_an_account_is_made_and_changed(world: World) -> None:
    account = {"AccountId": OTHER, "Name": "payments", "Email": "payments@example.com", "Alias": "payments"}
    assert done(applied(world, {"Accounts": [account]})) == {OTHER: ["CreateAccount", "CreateAccountAlias"]}
    renamed = {**account, "Name": "billing", "Alias": "billing"}
    assert done(applied(world, {"Accounts": [renamed]})) == {OTHER: ["UpdateAccount", "CreateAccountAlias"]}
    view = world.snapshot.account(OTHER)
    assert view is not None
    assert (view.account.name, view.account.email, view.account.alias) == ("billing", "payments@example.com", "billing")


def test_keys_work_and_are_never_taken_away(world: World) -> None:
    keys = [KEY]
    applied(
        world, {"UserDetailList": [{"UserName": "alice", "AccessKeys": keys, "UserPolicyList": [policy("p", _ANY)]}]}
    )
    alice = Caller(KEY["AccessKeyId"], KEY["SecretAccessKey"])
    world.call(alice, "CreateAccessKey")
    inactive = [{**KEY, "Status": "Inactive"}]
    assert done(applied(world, {"UserDetailList": [{"UserName": "alice", "AccessKeys": inactive}]})) == {
        "alice": ["UpdateAccessKey"]
    }
    assert len(world.call(world.root, "ListAccessKeys", UserName="alice")["AccessKeyMetadata"]) == 2
    applied(world, {"UserDetailList": [{"UserName": "alice", "AccessKeys": []}]})
    assert len(world.call(world.root, "ListAccessKeys", UserName="alice")["AccessKeyMetadata"]) == 2


_ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_ROLE = {"RoleName": "r", "AssumeRolePolicyDocument": trust_of(OTHER)}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"UserDetailList": [{"UserName": "a b"}]}, "The specified value for userName is invalid."),
        ({"UserDetailList": [{"UserName": "x" * 65}]}, "Member must have length less than or equal to 64"),
        ({"UserDetailList": [{"UserName": "a", "Path": "x"}]}, "The specified value for path is invalid."),
        ({"UserDetailList": [{"UserName": "a", "GroupList": ["g"]}]}, "The group with name g cannot be found."),
        (
            {"UserDetailList": [{"UserName": "a", "PermissionsBoundary": {"PermissionsBoundaryArn": "x" * 20}}]},
            "Invalid ARN:  Could not be parsed!",
        ),
        (
            {"UserDetailList": [{"UserName": "a", "AttachedManagedPolicies": attached(READ_ONLY + "x")}]},
            "does not exist or is not attachable.",
        ),
        (
            {"UserDetailList": [{"UserName": "a", "UserPolicyList": [policy("p", {"Statement": []})]}]},
            "Syntax errors in policy.",
        ),
        (
            {"UserDetailList": [{"UserName": "a", "UserPolicyList": [policy("p", ALLOW | {"Id": "x" * 2048})]}]},
            "Maximum policy size of 2048 bytes exceeded for user a",
        ),
        ({"UserDetailList": [{"UserName": "a", "Tags": tags(**{"aws:x": "y"})}]}, "are reserved for system use"),
        ({"UserDetailList": [{"UserName": "a", "Tags": tags(Team="y", team="z")}]}, "Duplicate tag keys found."),
        ({"Policies": [policy("p", {"Statement": "x"})]}, "Syntax errors in policy."),
        ({"Policies": [policy("p", ALLOW | {"Id": "x" * 6144})]}, "Cannot exceed quota for PolicySize: 6144"),
        (
            {
                "RoleDetailList": [
                    {"RoleName": "r", "AssumeRolePolicyDocument": trust_of(f"arn:aws:iam::{OTHER}:user/x")}
                ]
            },
            f'Invalid principal in policy: "AWS":"arn:aws:iam::{OTHER}:user/x"',
        ),
        (
            {"RoleDetailList": [_ROLE | {"MaxSessionDuration": "60"}]},
            "Member must have value greater than or equal to 3600",
        ),
        (
            {"RoleDetailList": [_ROLE | {"MaxSigninSessionDuration": "0"}]},
            "'maxSigninSessionDuration' failed to satisfy",
        ),
        ({"RoleDetailList": [_ROLE | {"Path": "/aws-service-role"}]}, "The specified value for path is invalid."),
        ({"Alias": "-x-"}, "Member must satisfy regular expression pattern"),
    ],
    ids=str,
)
def test_what_the_api_refuses_cannot_be_done_for_the_same_reason(world: World, data: dict[str, Any], told: str) -> None:
    assert told in problem(world, data)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            {"Policies": [policy("p", Description="a")]},
            {"Policies": [policy("p", Description="b")]},
            "The description of a policy stays what it is.",
        ),
        (
            {"Policies": [policy("p", Path="/a/")]},
            {"Policies": [policy("p", Path="/b/")]},
            "The path of a policy stays",
        ),
        ({"RoleDetailList": [_ROLE]}, {"RoleDetailList": [_ROLE | {"Path": "/b/"}]}, "The path of a role stays"),
        (
            {"RoleDetailList": [_ROLE | {"InstanceProfileList": [{"InstanceProfileName": "web"}]}]},
            {"RoleDetailList": [_ROLE | {"InstanceProfileList": [{"InstanceProfileName": "web", "Path": "/b/"}]}]},
            "The path of an instance profile stays",
        ),
        (
            {"RoleDetailList": [_ROLE | {"InstanceProfileList": [{"InstanceProfileName": "web"}]}]},
            {"RoleDetailList": [_ROLE | {"RoleName": "s", "InstanceProfileList": [{"InstanceProfileName": "web"}]}]},
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
        ),
        (
            {"UserDetailList": [{"UserName": "a", "AccessKeys": [KEY]}]},
            {"UserDetailList": [{"UserName": "b", "AccessKeys": [KEY]}]},
            "is there, with another owner or another secret",
        ),
        (
            {"UserDetailList": [{"UserName": "a", "AccessKeys": [KEY]}]},
            {"UserDetailList": [{"UserName": "a", "AccessKeys": [KEY | {"SecretAccessKey": "x" * 40}]}]},
            "is there, with another owner or another secret",
        ),
        ({"RootAccessKeys": [KEY]}, {"UserDetailList": [{"UserName": "b", "AccessKeys": [KEY]}]}, "another owner"),
        ({"Accounts": [{"AccountId": OTHER, "Alias": "taken"}]}, {"Alias": "taken"}, "taken"),
    ],
    ids=str,
)
def test_what_nobody_can_change_cannot_be_done(
    world: World, before: dict[str, Any], after: dict[str, Any], told: str
) -> None:
    applied(world, before)
    assert told in problem(world, after)


def test_quotas_hold_within_a_plan(world: World) -> None:
    groups = [f"g{number}" for number in range(11)]

    def data(most: int) -> dict[str, Any]:
        made = [{"GroupName": name} for name in groups]
        return {"GroupDetailList": made, "UserDetailList": [{"UserName": "a", "GroupList": groups[:most]}]}

    assert "Cannot exceed quota for GroupsPerUser: 10" in problem(world, data(11))
    applied(world, data(10))
    keys = [{**KEY, "AccessKeyId": f"AKIAIOSFODNN{number}EXAMPLE"} for number in (5, 6, 7)]
    assert "AccessKeysPerUser: 2" in problem(world, {"UserDetailList": [{"UserName": "b", "AccessKeys": keys}]})
    applied(world, {"UserDetailList": [{"UserName": "b", "AccessKeys": keys[:2]}]})


def test_what_cannot_be_done_leaves_nothing_behind_in_the_plan(world: World) -> None:
    data = {
        "GroupDetailList": [{"GroupName": "g", "GroupPolicyList": [policy("p", {"Statement": "x"})]}],
        "UserDetailList": [{"UserName": "a", "GroupList": ["g"]}],
    }
    problems = {item.wanted.name: item.problem for item in planned(world, data).impossible}
    assert problems["a"] == "The group with name g cannot be found."


def test_a_plan_says_what_such_a_document_cannot_hold(world: World) -> None:
    data = {
        "Accounts": [
            {"AccountId": OTHER, "UserDetailList": [{"UserName": "a"}, {"UserName": "b", "AccessKeys": [KEY]}]}
        ]
    }
    users, account = planned(world, data).remarks()
    assert users.startswith("new users (2) get no MFA device, ")
    assert users.endswith("Without access keys: 1, without a password: 2")
    assert account == f"account {OTHER} has no root key: carnet account root-key {OTHER} makes one"
