"""CreateGroup, ListGroups, UpdateGroup, DeleteGroup."""

from __future__ import annotations

import pytest

from tests.services.iam.documents import allow, text
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.world import START, World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_a_created_group(world: World) -> None:
    group = world.call(world.root, "CreateGroup", GroupName="Admins", Path="/a/")["Group"]
    assert group["GroupId"].startswith("AGPA")
    assert group == {
        "Path": "/a/",
        "GroupName": "Admins",
        "GroupId": group["GroupId"],
        "Arn": f"arn:aws:iam::{world.account_id}:group/a/Admins",
        "CreateDate": START,
    }
    assert world.call(world.root, "ListGroups") == {"Groups": [group], "IsTruncated": False}


def test_names_are_unique_in_any_case(world: World) -> None:
    world.call(world.root, "CreateGroup", GroupName="g")
    assert refused(world, world.root, "CreateGroup", GroupName="G") == (
        "EntityAlreadyExists",
        "Group with name G already exists.",
    )
    world.call(world.root, "CreateGroup", GroupName="h")
    assert refused(world, world.root, "UpdateGroup", GroupName="h", NewGroupName="g") == (
        "EntityAlreadyExists",
        "Group with name g already exists.",
    )


def test_an_account_has_a_quota_of_groups(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateGroup", groups=0)
    assert refused(world, world.root, "CreateGroup", GroupName="g") == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerAccount: 0",
    )


def test_an_unknown_group_cannot_be_found(world: World) -> None:
    expected = ("NoSuchEntity", "The group with name g cannot be found.")
    for operation in ("GetGroup", "UpdateGroup", "DeleteGroup", "ListGroupPolicies"):
        assert refused(world, world.root, operation, GroupName="g") == expected


def test_groups_are_listed_by_name_and_path(world: World) -> None:
    for name, path in (("b", "/x/"), ("A", "/x/y/"), ("c", "/")):
        world.call(world.root, "CreateGroup", GroupName=name, Path=path)
    listed = world.call(world.root, "ListGroups", PathPrefix="/x")["Groups"]
    assert [group["GroupName"] for group in listed] == ["A", "b"]


def test_a_renamed_group_keeps_its_members_and_id(world: World) -> None:
    before = world.call(world.root, "CreateGroup", GroupName="g")["Group"]
    world.call(world.root, "CreateUser", UserName="a")
    world.call(world.root, "AddUserToGroup", GroupName="g", UserName="a")
    world.call(world.root, "UpdateGroup", GroupName="g", NewGroupName="h", NewPath="/p/")
    after = world.call(world.root, "GetGroup", GroupName="h")
    assert after["Group"]["GroupId"] == before["GroupId"]
    assert after["Group"]["Arn"] == f"arn:aws:iam::{world.account_id}:group/p/h"
    assert [user["UserName"] for user in after["Users"]] == ["a"]
    changes_nothing(world, world.root, "UpdateGroup", GroupName="h", NewGroupName="h")


def test_renaming_needs_the_permission_on_the_new_name_too(world: World) -> None:
    world.call(world.root, "CreateGroup", GroupName="g")
    half = world.user("half", [allow("iam:UpdateGroup", resource="arn:aws:iam::*:group/g")])
    code, message = refused(world, half, "UpdateGroup", GroupName="g", NewGroupName="admins")
    assert code == "AccessDenied"
    assert "group/admins" in message


def test_a_group_that_is_not_empty_cannot_be_deleted(world: World) -> None:
    root = world.root
    world.call(root, "CreateGroup", GroupName="g")
    world.call(root, "CreateUser", UserName="a")
    world.call(root, "AddUserToGroup", GroupName="g", UserName="a")
    world.call(root, "PutGroupPolicy", GroupName="g", PolicyName="p", PolicyDocument=text(allow("s3:*")))
    world.call(root, "AttachGroupPolicy", GroupName="g", PolicyArn=READ_ONLY)

    def conflict() -> tuple[str, str]:
        return refused(world, root, "DeleteGroup", GroupName="g")

    assert conflict() == ("DeleteConflict", "Cannot delete entity, must remove users from group first.")
    world.call(root, "RemoveUserFromGroup", GroupName="g", UserName="a")
    assert conflict() == ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    world.call(root, "DeleteGroupPolicy", GroupName="g", PolicyName="p")
    assert conflict() == ("DeleteConflict", "Cannot delete entity, must detach all policies first.")
    world.call(root, "DetachGroupPolicy", GroupName="g", PolicyArn=READ_ONLY)
    world.call(root, "DeleteGroup", GroupName="g")
    assert world.call(root, "ListGroups")["Groups"] == []
