"""CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser."""

from __future__ import annotations

import pytest

from tests.services.iam.documents import allow, managed, text
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.world import START, World


def test_a_created_user_is_answered_with_all_that_it_has(world: World) -> None:
    boundary = managed(world)
    tags = [{"Key": "Team", "Value": "red"}]
    user = world.call(
        world.root, "CreateUser", UserName="Alice", Path="/a/b/", Tags=tags, PermissionsBoundary=boundary
    )["User"]
    assert user["UserId"].startswith("AIDA")
    assert len(user["UserId"]) == 21
    assert user == {
        "Path": "/a/b/",
        "UserName": "Alice",
        "UserId": user["UserId"],
        "Arn": f"arn:aws:iam::{world.account_id}:user/a/b/Alice",
        "CreateDate": START,
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary},
        "Tags": tags,
    }
    assert world.call(world.root, "GetUser", UserName="alice")["User"] == user


def test_lists_leave_out_tags_and_boundary(world: World) -> None:
    world.call(
        world.root,
        "CreateUser",
        UserName="a",
        Tags=[{"Key": "k", "Value": "v"}],
        PermissionsBoundary=managed(world),
    )
    (user,) = world.call(world.root, "ListUsers")["Users"]
    assert set(user) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


def test_a_user_without_tags_and_boundary_shows_neither(world: World) -> None:
    user = world.call(world.root, "CreateUser", UserName="a")["User"]
    assert "Tags" not in user
    assert "PermissionsBoundary" not in user


def test_names_are_unique_in_any_case(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="Alice")
    assert refused(world, world.root, "CreateUser", UserName="aLICE", Path="/other/") == (
        "EntityAlreadyExists",
        "User with name aLICE already exists.",
    )


def test_an_account_has_a_quota_of_users(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateUser", users=1)
    world.call(world.root, "CreateUser", UserName="a")
    assert refused(world, world.root, "CreateUser", UserName="b") == (
        "LimitExceeded",
        "Cannot exceed quota for UsersPerAccount: 1",
    )


def test_a_boundary_must_exist(world: World) -> None:
    arn = f"arn:aws:iam::{world.account_id}:policy/none"
    assert refused(world, world.root, "CreateUser", UserName="a", PermissionsBoundary=arn) == (
        "NoSuchEntity",
        f"Scope ARN: {arn} does not exist or is not attachable.",
    )


def test_without_a_name_a_user_gets_itself_and_root_gets_root(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetUser", resource="arn:aws:iam::*:user/alice")])
    assert world.call(alice, "GetUser")["User"]["UserName"] == "alice"
    assert world.call(world.root, "GetUser")["User"] == {
        "UserId": world.account_id,
        "Arn": f"arn:aws:iam::{world.account_id}:root",
        "CreateDate": START,
    }


def test_an_unknown_user_cannot_be_found(world: World) -> None:
    expected = ("NoSuchEntity", "The user with name bob cannot be found.")
    for operation in ("GetUser", "UpdateUser", "DeleteUser"):
        assert refused(world, world.root, operation, UserName="bob") == expected


def test_users_are_listed_by_name_and_path(world: World) -> None:
    for name, path in (("b", "/x/"), ("A", "/x/y/"), ("c", "/xy/"), ("d", "/")):
        world.call(world.root, "CreateUser", UserName=name, Path=path)
    names = [user["UserName"] for user in world.call(world.root, "ListUsers")["Users"]]
    assert names == ["A", "b", "c", "d"]
    below = world.call(world.root, "ListUsers", PathPrefix="/x/", MaxItems=1)
    assert [user["UserName"] for user in below["Users"]] == ["A"]
    assert below["IsTruncated"]
    rest = world.call(world.root, "ListUsers", PathPrefix="/x/", Marker=below["Marker"])
    assert [user["UserName"] for user in rest["Users"]] == ["b"]
    assert not rest["IsTruncated"]


def test_a_renamed_user_stays_the_same_user(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetUser")])
    before = world.call(alice, "GetUser")["User"]
    world.call(world.root, "UpdateUser", UserName="alice", NewUserName="Alicia", NewPath="/p/")
    after = world.call(alice, "GetUser")["User"]
    assert after == before | {
        "UserName": "Alicia",
        "Path": "/p/",
        "Arn": f"arn:aws:iam::{world.account_id}:user/p/Alicia",
    }
    assert refused(world, world.root, "GetUser", UserName="alice")[0] == "NoSuchEntity"


def test_a_user_may_change_the_case_of_its_name_and_not_take_anothers(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="alice")
    world.call(world.root, "CreateUser", UserName="bob")
    world.call(world.root, "UpdateUser", UserName="alice", NewUserName="ALICE")
    assert world.call(world.root, "GetUser", UserName="alice")["User"]["UserName"] == "ALICE"
    assert refused(world, world.root, "UpdateUser", UserName="alice", NewUserName="Bob") == (
        "EntityAlreadyExists",
        "User with name Bob already exists.",
    )


def test_an_update_that_changes_nothing_writes_nothing(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="alice")
    changes_nothing(world, world.root, "UpdateUser", UserName="alice")
    changes_nothing(world, world.root, "UpdateUser", UserName="alice", NewUserName="alice", NewPath="/")


def test_renaming_needs_the_permission_on_the_new_name_too(world: World) -> None:
    account = world.account_id
    world.call(world.root, "CreateUser", UserName="bob", Path="/staff/")
    old, new = f"arn:aws:iam::{account}:user/staff/bob", f"arn:aws:iam::{account}:user/staff/robert"
    half = world.user("half", [allow("iam:UpdateUser", resource=old)])
    code, message = refused(world, half, "UpdateUser", UserName="bob", NewUserName="robert")
    assert code == "AccessDenied"
    assert f"iam:UpdateUser on resource: {new} " in message
    both = world.user("both", [allow("iam:UpdateUser", resource=[old, new])])
    world.call(both, "UpdateUser", UserName="bob", NewUserName="robert")


def test_under_its_new_name_a_user_has_its_tags(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    world.call(world.root, "CreateUser", UserName="eve")
    lead = world.user("lead", [allow("iam:UpdateUser", condition={"StringEquals": {"aws:ResourceTag/team": "red"}})])
    world.call(lead, "UpdateUser", UserName="bob", NewUserName="robert")
    assert refused(world, lead, "UpdateUser", UserName="eve", NewUserName="bob")[0] == "AccessDenied"


def test_a_user_that_something_belongs_to_cannot_be_deleted(world: World) -> None:
    root, arn = world.root, managed(world)
    world.call(root, "CreateUser", UserName="a")
    world.call(root, "CreateGroup", GroupName="g")
    key = world.call(root, "CreateAccessKey", UserName="a")["AccessKey"]["AccessKeyId"]
    world.call(root, "PutUserPolicy", UserName="a", PolicyName="p", PolicyDocument=text(allow("s3:*")))
    world.call(root, "AttachUserPolicy", UserName="a", PolicyArn=arn)
    world.call(root, "AddUserToGroup", UserName="a", GroupName="g")

    def conflict() -> tuple[str, str]:
        return refused(world, root, "DeleteUser", UserName="a")

    assert conflict() == ("DeleteConflict", "Cannot delete entity, must delete access keys first.")
    world.call(root, "DeleteAccessKey", UserName="a", AccessKeyId=key)
    assert conflict() == ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    world.call(root, "DeleteUserPolicy", UserName="a", PolicyName="p")
    assert conflict() == ("DeleteConflict", "Cannot delete entity, must detach all policies first.")
    world.call(root, "DetachUserPolicy", UserName="a", PolicyArn=arn)
    assert conflict() == ("DeleteConflict", "Cannot delete entity, must remove users from group first.")
    world.call(root, "RemoveUserFromGroup", UserName="a", GroupName="g")
    world.call(root, "DeleteUser", UserName="a")
    assert refused(world, root, "GetUser", UserName="a")[0] == "NoSuchEntity"


def test_a_user_made_again_is_another_user(world: World) -> None:
    first = world.call(world.root, "CreateUser", UserName="a")["User"]["UserId"]
    world.call(world.root, "DeleteUser", UserName="a")
    assert world.call(world.root, "CreateUser", UserName="a")["User"]["UserId"] != first


def test_creating_a_tagged_user_needs_the_permission_to_tag(world: World) -> None:
    creator = world.user("creator", [allow("iam:CreateUser")])
    world.call(creator, "CreateUser", UserName="plain")
    tags = [{"Key": "k", "Value": "v"}]
    code, message = refused(world, creator, "CreateUser", UserName="tagged", Tags=tags)
    assert code == "AccessDenied"
    assert f"iam:TagUser on resource: arn:aws:iam::{world.account_id}:user/tagged " in message


def test_a_stranger_does_not_learn_who_exists(world: World) -> None:
    stranger = world.user("stranger")
    world.call(world.root, "CreateUser", UserName="known")
    known = refused(world, stranger, "GetUser", UserName="known")
    unknown = refused(world, stranger, "GetUser", UserName="nobody")
    assert known[0] == unknown[0] == "AccessDenied"
    assert known[1].replace("known", "nobody") == unknown[1]


def test_a_list_is_made_once_for_each_state_of_the_users(world: World) -> None:
    world.user("alice")
    first, again = (world.call(world.root, "ListUsers") for _ in range(2))
    assert first["Users"] is again["Users"]
    world.user("bob")
    assert len(world.call(world.root, "ListUsers")["Users"]) == 2
