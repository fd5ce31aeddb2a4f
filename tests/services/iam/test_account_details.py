"""GetAccountAuthorizationDetails."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from carnet.services import paging
from carnet.services.paging import PAGE_CHARACTERS
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


def with_white_space(document: str, characters: int) -> str:
    return document + " " * characters


@pytest.mark.parametrize(
    ("made", "kind"),
    [("policies", "LocalManagedPolicy"), ("inline", "Group"), ("trust", "Role"), ("inline of a role", "Role")],
)
def test_a_page_ends_before_its_documents_are_too_long(world: World, made: str, kind: str) -> None:
    """A page of a thousand took seconds, of everybody, to write; white space made it gigabytes."""
    root, document = world.root, with_white_space(text(allow("s3:*")), PAGE_CHARACTERS // 3)
    for name in ("a", "b", "c"):
        if made == "policies":
            managed(world, name, PolicyDocument=document)
        elif made == "inline":
            world.call(root, "CreateGroup", GroupName=name)
            world.call(root, "PutGroupPolicy", GroupName=name, PolicyName="p", PolicyDocument=document)
        elif made == "trust":
            create(world, name, AssumeRolePolicyDocument=with_white_space(EC2, PAGE_CHARACTERS // 3))
        else:
            create(world, name)
            world.call(root, "PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=document)
    first = world.call(root, OPERATION, Filter=[kind], MaxItems=1000)
    assert (told(first), first["IsTruncated"]) == ("a b", True)
    rest = world.call(root, OPERATION, Filter=[kind], MaxItems=1000, Marker=first["Marker"])
    assert (told(rest), rest["IsTruncated"]) == ("c", False)


@pytest.mark.parametrize("make", ["CreateUser", "CreateRole"])
def test_the_tags_of_what_a_page_tells_count_too(world: World, make: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_CHARACTERS", 2 * (300 + len(EC2)) if make == "CreateRole" else 600)
    for name in ("a", "b", "c"):
        given = {"UserName": name} if make == "CreateUser" else {"RoleName": name, "AssumeRolePolicyDocument": EC2}
        world.call(world.root, make, Tags=[{"Key": "k" * 100, "Value": "v" * 200}], **given)
    first = world.call(world.root, OPERATION, Filter=[make.removeprefix("Create")])
    assert (told(first), first["IsTruncated"]) == ("a b", True)


@pytest.mark.parametrize(("more", "shown"), [(0, True), (1, False)])
def test_the_trust_policy_of_a_role_in_many_profiles_is_told_once(world: World, more: int, shown: bool) -> None:
    create(world, "worker", AssumeRolePolicyDocument=with_white_space(EC2, PAGE_CHARACTERS // 2 - len(EC2) + more))
    for name in ("one", "two"):
        world.call(world.root, "CreateInstanceProfile", InstanceProfileName=name)
        world.call(world.root, "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName="worker")
    (worker,) = world.call(world.root, OPERATION, Filter=["Role"])["RoleDetailList"]
    assert unquote(worker["AssumeRolePolicyDocument"]).startswith(EC2)
    profiles = worker["InstanceProfileList"]
    assert [profile["InstanceProfileName"] for profile in profiles] == ["one", "two"]
    assert all(("AssumeRolePolicyDocument" in profile["Roles"][0]) is shown for profile in profiles)


@pytest.mark.parametrize("operation", ["ListRoles", "ListInstanceProfiles", "ListInstanceProfilesForRole"])
def test_lists_with_trust_policies_end_early_as_well(world: World, operation: str) -> None:
    trust = with_white_space(EC2, PAGE_CHARACTERS // 3)
    for name in ("a", "b", "c"):
        create(world, name, AssumeRolePolicyDocument=trust)
        world.call(world.root, "CreateInstanceProfile", InstanceProfileName=name)
        role = "a" if operation == "ListInstanceProfilesForRole" else name
        world.call(world.root, "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)
    given = {"RoleName": "a"} if operation == "ListInstanceProfilesForRole" else {}
    member = "Roles" if operation == "ListRoles" else "InstanceProfiles"
    first = world.call(world.root, operation, **given)
    assert (len(first[member]), first["IsTruncated"]) == (2, True)
    assert len(world.call(world.root, operation, Marker=first["Marker"], **given)[member]) == 1
