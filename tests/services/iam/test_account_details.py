"""GetAccountAuthorizationDetails."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from carnet.store.last_used import RoleUse
from tests.services.iam.documents import allow, managed, text
from tests.services.iam.expect import refused
from tests.services.iam.made_roles import EC2, create
from tests.services.wire import fits_the_model
from tests.services.world import START, ServiceError, World

OPERATION = "GetAccountAuthorizationDetails"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def arn(world: World) -> str:
    """A policy of an account in which everything hangs together."""
    root, document = world.root, text(allow("s3:*"))
    arn = managed(world, "own", Description="d")
    world.call(root, "CreateGroup", GroupName="staff")
    world.call(root, "PutGroupPolicy", GroupName="staff", PolicyName="in-group", PolicyDocument=document)
    world.call(root, "AttachGroupPolicy", GroupName="staff", PolicyArn=BILLING)
    world.call(root, "CreateUser", UserName="zoe", PermissionsBoundary=READ_ONLY, Tags=[{"Key": "k", "Value": "v"}])
    world.call(root, "PutUserPolicy", UserName="zoe", PolicyName="in-user", PolicyDocument=document)
    world.call(root, "AttachUserPolicy", UserName="zoe", PolicyArn=arn)
    world.call(root, "AddUserToGroup", UserName="zoe", GroupName="staff")
    world.call(root, "CreateUser", UserName="Adam")
    create(world, "worker", Description="works")
    world.call(root, "PutRolePolicy", RoleName="worker", PolicyName="in-role", PolicyDocument=document)
    world.call(root, "AttachRolePolicy", RoleName="worker", PolicyArn=arn)
    world.call(root, "CreateInstanceProfile", InstanceProfileName="web")
    world.call(root, "AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="worker")
    return arn


def told(answer: dict[str, Any]) -> str:
    lists = (
        ("UserDetailList", "UserName"),
        ("RoleDetailList", "RoleName"),
        ("GroupDetailList", "GroupName"),
        ("Policies", "PolicyName"),
    )
    return " ".join(each[name] for member, name in lists for each in answer[member])


def test_it_tells_who_may_do_what(world: World, arn: str) -> None:
    answer = world.call(world.root, OPERATION)
    assert fits_the_model(OPERATION, answer)
    assert told(answer) == "Adam zoe worker staff Billing own ReadOnlyAccess"
    assert answer["IsTruncated"] is False
    _, zoe = answer["UserDetailList"]
    assert zoe == world.call(world.root, "GetUser", UserName="zoe")["User"] | {
        "GroupList": ["staff"],
        "UserPolicyList": zoe["UserPolicyList"],
        "AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": arn}],
    }
    (inline,) = zoe["UserPolicyList"]
    assert (inline["PolicyName"], unquote(inline["PolicyDocument"])) == ("in-user", text(allow("s3:*")))


def test_a_group_with_its_policies(world: World, arn: str) -> None:
    (group,) = world.call(world.root, OPERATION, Filter=["Group"])["GroupDetailList"]
    assert [policy["PolicyName"] for policy in group["GroupPolicyList"]] == ["in-group"]
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "Billing", "PolicyArn": BILLING}]


def test_a_role_with_its_trust_profiles_and_last_use(world: World, arn: str) -> None:
    role_id = world.call(world.root, "GetRole", RoleName="worker")["Role"]["RoleId"]
    world.installation.last_used.note_role(role_id, RoleUse(START, "eu-west-1"))
    (role,) = world.call(world.root, OPERATION, Filter=["Role"])["RoleDetailList"]
    assert unquote(role["AssumeRolePolicyDocument"]) == EC2
    assert role["RoleLastUsed"] == {"LastUsedDate": START, "Region": "eu-west-1"}
    assert not role.keys() & {"Description", "MaxSessionDuration"}
    assert [profile["InstanceProfileName"] for profile in role["InstanceProfileList"]] == ["web"]
    assert [policy["PolicyName"] for policy in role["RolePolicyList"]] == ["in-role"]
    assert role["AttachedManagedPolicies"] == [{"PolicyName": "own", "PolicyArn": arn}]


def test_a_role_whose_sign_ins_are_bounded_is_told_without_that(world: World) -> None:
    create(world, "bounded", MaxSigninSessionDuration=3600)
    answer = world.call(world.root, OPERATION)
    assert fits_the_model(OPERATION, answer)
    assert [role["RoleName"] for role in answer["RoleDetailList"]] == ["bounded"]


def test_a_policy_with_all_its_versions(world: World, arn: str) -> None:
    given = {"PolicyArn": arn, "PolicyDocument": text(allow("iam:*"))}
    world.call(world.root, "CreatePolicyVersion", **given)
    (policy,) = world.call(world.root, OPERATION, Filter=["LocalManagedPolicy"])["Policies"]
    assert (policy["AttachmentCount"], policy["DefaultVersionId"]) == (2, "v1")
    assert not policy.keys() & {"Description", "Tags"}  # which AWS leaves out
    versions = [(version["VersionId"], version["IsDefaultVersion"]) for version in policy["PolicyVersionList"]]
    assert versions == [("v2", False), ("v1", True)]
    assert unquote(policy["PolicyVersionList"][0]["Document"]) == given["PolicyDocument"]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["User"], "Adam zoe"),
        (["Role", "Group"], "worker staff"),
        (["LocalManagedPolicy"], "own"),
        (["AWSManagedPolicy"], "Billing ReadOnlyAccess"),
        ([], "Adam zoe worker staff Billing own ReadOnlyAccess"),
    ],
)
def test_the_filter_chooses_kinds(world: World, arn: str, kinds: list[str], expected: str) -> None:
    assert told(world.call(world.root, OPERATION, Filter=kinds)) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_run_through_all_kinds(world: World, arn: str, size: int) -> None:
    pages: list[str] = []
    marker: dict[str, str] = {}
    while True:
        answer = world.call(world.root, OPERATION, MaxItems=size, **marker)
        pages.append(told(answer))
        if not answer["IsTruncated"]:
            break
        marker = {"Marker": answer["Marker"]}
    assert " ".join(pages) == "Adam zoe worker staff Billing own ReadOnlyAccess"
    assert all(len(page.split()) == size for page in pages[:-1])


def test_a_marker_belongs_to_its_filter(world: World, arn: str) -> None:
    def answer(marker: str, *kinds: str) -> object:
        try:
            return told(world.call(world.root, OPERATION, Marker=marker, MaxItems=1, Filter=list(kinds)))
        except ServiceError as error:
            return error.code, error.message

    kinds = ("Group", "User", "LocalManagedPolicy")
    marker = world.call(world.root, OPERATION, MaxItems=1, Filter=list(kinds))["Marker"]
    assert answer(marker, *reversed(kinds)) == "zoe"
    other = ("ValidationError", "Marker and Filter do not match")
    assert [answer(marker, "Group"), answer("not-a-marker", "User")] == [other, other]
    invalid = ("ValidationError", "Invalid Marker.")
    assert [answer(marker), answer(marker, "User"), answer("not-a-marker")] == [invalid] * 3
    everything = world.call(world.root, OPERATION, MaxItems=1)["Marker"]
    assert answer(everything, "AWSManagedPolicy", *kinds, "Role") == "zoe"
    assert answer(everything, *kinds, "Role") == invalid


def test_it_needs_permission_for_everything(world: World) -> None:
    alice = world.user("alice", [allow("iam:*", resource=f"arn:aws:iam::{world.account_id}:*")])
    assert refused(world, alice, OPERATION)[0] == "AccessDenied"
