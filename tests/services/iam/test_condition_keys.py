"""Condition keys of IAM's own operations, as policies see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.expect import refused
from tests.services.world import World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize("condition_key", ["aws:RequestTag/team", "aws:ResourceTag/team", "iam:ResourceTag/team"])
def test_tagging_at_creation_sees_the_tags_as_the_resources_too(world: World, condition_key: str) -> None:
    only_red = allow("iam:TagUser", "iam:TagRole", condition={"StringEquals": {condition_key: "red"}})
    lead = world.user("lead", [allow("iam:CreateUser", "iam:CreateRole"), only_red])
    red, blue = [{"Key": "team", "Value": "red"}], [{"Key": "team", "Value": "blue"}]
    trusted = {"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{world.account_id}:root")}
    world.call(lead, "CreateUser", UserName="a", Tags=red)
    world.call(lead, "CreateRole", RoleName="a", Tags=red, **trusted)
    for refusal in (
        refused(world, lead, "CreateUser", UserName="b", Tags=blue),
        refused(world, lead, "CreateRole", RoleName="b", Tags=blue, **trusted),
    ):
        assert refusal[0] == "AccessDenied"
        assert "iam:Tag" in refusal[1]


def test_a_creation_itself_has_no_tags_of_a_resource(world: World) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    lead = world.user("lead", [allow("iam:CreateUser", "iam:TagUser", condition=condition)])
    red = [{"Key": "team", "Value": "red"}]
    assert "iam:CreateUser" in refused(world, lead, "CreateUser", UserName="a", Tags=red)[1]


def test_the_tags_to_set_decide(world: World) -> None:
    condition = {
        "StringEquals": {"aws:RequestTag/team": "red"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]},
    }
    lead = world.user("lead", [allow("iam:CreateUser", "iam:TagUser", condition=condition)])
    team = {"Key": "team", "Value": "red"}
    world.call(lead, "CreateUser", UserName="a", Tags=[team])
    world.call(lead, "TagUser", UserName="a", Tags=[team, {"Key": "stage", "Value": "x"}])
    assert refused(world, lead, "CreateUser", UserName="b")[0] == "AccessDenied"
    assert (
        refused(world, lead, "CreateUser", UserName="b", Tags=[{"Key": "team", "Value": "blue"}])[0] == "AccessDenied"
    )
    assert (
        refused(world, lead, "TagUser", UserName="a", Tags=[team, {"Key": "admin", "Value": "x"}])[0] == "AccessDenied"
    )


def test_the_tags_to_remove_decide(world: World) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}
    lead = world.user("lead", [allow("iam:UntagUser", condition=condition)])
    world.call(lead, "UntagUser", UserName="lead", TagKeys=["stage"])
    assert refused(world, lead, "UntagUser", UserName="lead", TagKeys=["stage", "team"])[0] == "AccessDenied"


def test_without_tags_there_are_no_tag_keys(world: World) -> None:
    lead = world.user("lead", [allow("iam:CreateUser", condition={"Null": {"aws:TagKeys": "true"}})])
    world.call(lead, "CreateUser", UserName="a")


def test_the_policy_to_attach_decides(world: World) -> None:
    actions = ("iam:AttachUserPolicy", "iam:DetachUserPolicy", "iam:AttachGroupPolicy")
    lead = world.user("lead", [allow(*actions, condition={"ArnEquals": {"iam:PolicyARN": READ_ONLY}})])
    world.call(world.root, "CreateGroup", GroupName="g")
    world.call(lead, "AttachUserPolicy", UserName="lead", PolicyArn=READ_ONLY)
    world.call(lead, "AttachGroupPolicy", GroupName="g", PolicyArn=READ_ONLY)
    world.call(lead, "DetachUserPolicy", UserName="lead", PolicyArn=READ_ONLY)
    assert refused(world, lead, "AttachUserPolicy", UserName="lead", PolicyArn=ADMIN)[0] == "AccessDenied"
    assert refused(world, lead, "AttachGroupPolicy", GroupName="g", PolicyArn=ADMIN)[0] == "AccessDenied"


def test_users_can_be_made_with_the_right_boundary_only(world: World) -> None:
    right, wrong = managed(world, "right"), managed(world, "wrong")
    actions = ("iam:CreateUser", "iam:PutUserPermissionsBoundary")
    lead = world.user("lead", [allow(*actions, condition={"StringEquals": {"iam:PermissionsBoundary": right}})])
    world.call(lead, "CreateUser", UserName="a", PermissionsBoundary=right)
    world.call(lead, "PutUserPermissionsBoundary", UserName="a", PermissionsBoundary=right)
    assert refused(world, lead, "CreateUser", UserName="b")[0] == "AccessDenied"
    assert refused(world, lead, "CreateUser", UserName="b", PermissionsBoundary=wrong)[0] == "AccessDenied"
    assert (
        refused(world, lead, "PutUserPermissionsBoundary", UserName="a", PermissionsBoundary=wrong)[0] == "AccessDenied"
    )


def test_only_those_with_the_boundary_can_be_given_permissions(world: World) -> None:
    boundary = managed(world)
    actions = (
        "iam:PutUserPolicy",
        "iam:DeleteUserPolicy",
        "iam:AttachUserPolicy",
        "iam:DetachUserPolicy",
        "iam:DeleteUserPermissionsBoundary",
    )
    lead = world.user("lead", [allow(*actions, condition={"StringEquals": {"iam:PermissionsBoundary": boundary}})])
    world.call(world.root, "CreateUser", UserName="free")
    world.call(world.root, "CreateUser", UserName="bound", PermissionsBoundary=boundary)
    document = text(allow("s3:*"))
    for operation, given in (
        ("PutUserPolicy", {"PolicyName": "p", "PolicyDocument": document}),
        ("AttachUserPolicy", {"PolicyArn": READ_ONLY}),
        ("DetachUserPolicy", {"PolicyArn": READ_ONLY}),
        ("DeleteUserPolicy", {"PolicyName": "p"}),
        ("DeleteUserPermissionsBoundary", {}),
    ):
        world.call(lead, operation, UserName="bound", **given)
        assert refused(world, lead, operation, UserName="free", **given)[0] == "AccessDenied"
    assert refused(world, lead, "DeleteUserPermissionsBoundary", UserName="bound")[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("UpdateRole", {"MaxSessionDuration": 7200}),
        ("UpdateRoleDescription", {"Description": "x"}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": trust("*")}),
        ("GetRole", {}),
        ("DeleteRole", {}),
    ],
)
def test_only_roles_with_a_boundary_are_in_reach(world: World, operation: str, given: dict[str, Any]) -> None:
    boundary = managed(world)
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    lead = world.user("lead", [allow(f"iam:{operation}", condition=bounded)])
    for name, more in (("capped", {"PermissionsBoundary": boundary}), ("free", {})):
        world.call(world.root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust("*"), **more)
    world.call(lead, operation, RoleName="capped", **given)
    assert refused(world, lead, operation, RoleName="free", **given)[0] == "AccessDenied"
