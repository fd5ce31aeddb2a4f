"""AddUserToGroup, RemoveUserFromGroup, GetGroup, ListGroupsForUser."""

from __future__ import annotations

import pytest

from tests.services.iam.documents import allow, deny, text
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import World


@pytest.fixture
def group(world: World) -> str:
    world.call(world.root, "CreateGroup", GroupName="g")
    return "g"


def test_members_are_listed_by_name_one_page_at_a_time(world: World, group: str) -> None:
    for name in ("b", "C", "a"):
        world.call(world.root, "CreateUser", UserName=name)
        world.call(world.root, "AddUserToGroup", GroupName=group, UserName=name)
    first = world.call(world.root, "GetGroup", GroupName=group, MaxItems=2)
    assert [user["UserName"] for user in first["Users"]] == ["a", "b"]
    rest = world.call(world.root, "GetGroup", GroupName=group, Marker=first["Marker"])
    assert [user["UserName"] for user in rest["Users"]] == ["C"]
    assert rest["Group"] == first["Group"]


def test_the_groups_of_a_user(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="a")
    for name in ("x", "B"):
        world.call(world.root, "CreateGroup", GroupName=name)
        world.call(world.root, "AddUserToGroup", GroupName=name, UserName="a")
    listed = world.call(world.root, "ListGroupsForUser", UserName="a")
    assert [each["GroupName"] for each in listed["Groups"]] == ["B", "x"]
    world.call(world.root, "RemoveUserFromGroup", GroupName="x", UserName="a")
    listed = world.call(world.root, "ListGroupsForUser", UserName="a")
    assert [each["GroupName"] for each in listed["Groups"]] == ["B"]


def test_adding_a_member_and_removing_a_stranger_write_nothing(world: World, group: str) -> None:
    world.call(world.root, "CreateUser", UserName="a")
    changes_nothing(world, world.root, "RemoveUserFromGroup", GroupName=group, UserName="a")
    world.call(world.root, "AddUserToGroup", GroupName=group, UserName="a")
    changes_nothing(world, world.root, "AddUserToGroup", GroupName=group, UserName="a")


def test_a_user_is_in_ten_groups_at_most(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="a")
    for number in range(11):
        world.call(world.root, "CreateGroup", GroupName=f"g{number}")
    for number in range(10):
        world.call(world.root, "AddUserToGroup", GroupName=f"g{number}", UserName="a")
    assert refused(world, world.root, "AddUserToGroup", GroupName="g10", UserName="a") == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )


def test_both_must_exist(world: World, group: str) -> None:
    world.call(world.root, "CreateUser", UserName="a")
    for operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        assert refused(world, world.root, operation, GroupName=group, UserName="b") == (
            "NoSuchEntity",
            "The user with name b cannot be found.",
        )
        assert refused(world, world.root, operation, GroupName="h", UserName="a") == (
            "NoSuchEntity",
            "The group with name h cannot be found.",
        )
        assert refused(world, world.root, operation, GroupName="h", UserName="b") == (
            "NoSuchEntity",
            "The user with name b cannot be found.",
        )


def test_membership_grants_and_takes_at_once(world: World, group: str) -> None:
    alice = world.user("alice")
    world.call(
        world.root, "PutGroupPolicy", GroupName=group, PolicyName="p", PolicyDocument=text(allow("iam:ListUsers"))
    )
    assert refused(world, alice, "ListUsers")[0] == "AccessDenied"
    world.call(world.root, "AddUserToGroup", GroupName=group, UserName="alice")
    assert world.call(alice, "ListUsers")["Users"]
    world.call(
        world.root, "PutGroupPolicy", GroupName=group, PolicyName="q", PolicyDocument=text(deny("iam:ListUsers"))
    )
    code, message = refused(world, alice, "ListUsers")
    assert code == "AccessDenied"
    assert message.endswith("with an explicit deny in an identity-based policy")
