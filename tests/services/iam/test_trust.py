"""Trust policies: whom they name when they are saved, and how they read later."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from tests.services.iam.documents import trust
from tests.services.iam.expect import refused
from tests.services.world import World


def make_role(world: World, name: str, document: str) -> dict[str, Any]:
    role: dict[str, Any] = world.call(world.root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)[
        "Role"
    ]
    return role


def shown(world: World, name: str) -> str:
    return unquote(world.call(world.root, "GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"])


def bound(world: World, name: str) -> dict[str, str]:
    view = world.snapshot.account(world.account_id)
    assert view is not None
    role = view.roles.named(name)
    assert role is not None
    return dict(role.trusted_ids)


def test_principals_are_bound_to_their_ids(world: World) -> None:
    root = f"arn:aws:iam::{world.account_id}:root"
    user = world.call(world.root, "CreateUser", UserName="u", Path="/p/")["User"]
    inner = make_role(world, "inner", trust(root))
    session = f"arn:aws:sts::{world.account_id}:assumed-role/inner/mary"
    document = trust(user["Arn"], inner["Arn"], session, root, world.account_id)
    make_role(world, "outer", document)
    assert bound(world, "outer") == {
        user["Arn"]: user["UserId"],
        inner["Arn"]: inner["RoleId"],
        session: f"{inner['RoleId']}:mary",
    }
    assert shown(world, "outer") == document


def test_principals_of_other_accounts_are_bound(world: World) -> None:
    other = world.account()
    user = world.call(other, "CreateUser", UserName="u")["User"]
    make_role(world, "r", trust(user["Arn"]))
    assert bound(world, "r") == {user["Arn"]: user["UserId"]}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::ACCOUNT:user/nobody",
        "arn:aws:iam::ACCOUNT:user/known",  # without its path
        "arn:aws:iam::ACCOUNT:user/p/KNOWN",
        "arn:aws:iam::ACCOUNT:role/p/known",
        "arn:aws-cn:iam::ACCOUNT:user/p/known",
        "arn:aws:sts::ACCOUNT:assumed-role/known/session",
        "arn:aws:iam::000000000000:user/p/known",
    ],
)
def test_a_principal_that_does_not_exist_is_refused(world: World, arn: str) -> None:
    world.call(world.root, "CreateUser", UserName="known", Path="/p/")
    wanted = arn.replace("ACCOUNT", world.account_id)
    assert refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(wanted)) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{wanted}"',
    )


def test_a_principal_that_is_gone_shows_as_its_id(world: World) -> None:
    user = world.call(world.root, "CreateUser", UserName="u")["User"]
    root = f"arn:aws:iam::{world.account_id}:root"
    condition = {"ArnNotEquals": {"aws:PrincipalArn": user["Arn"]}}
    document = trust(user["Arn"], root, condition=condition)
    make_role(world, "r", document)
    world.call(world.root, "DeleteUser", UserName="u")
    statement = json.loads(shown(world, "r"))["Statement"][0]
    assert statement["Principal"] == {"AWS": [user["UserId"], root]}
    assert statement["Condition"] == condition
    world.call(world.root, "CreateUser", UserName="u")
    assert json.loads(shown(world, "r"))["Statement"][0]["Principal"] == {"AWS": [user["UserId"], root]}


def test_a_renamed_principal_shows_its_new_arn(world: World) -> None:
    user = world.call(world.root, "CreateUser", UserName="u")["User"]
    statement = {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"}
    make_role(world, "r", json.dumps({"Version": "2012-10-17", "Statement": statement}))
    world.call(world.root, "UpdateUser", UserName="u", NewUserName="v")
    assert json.loads(shown(world, "r"))["Statement"]["Principal"] == {"AWS": f"arn:aws:iam::{world.account_id}:user/v"}


def test_a_session_of_a_role_that_is_gone_shows_the_roles_id(world: World) -> None:
    inner = make_role(world, "inner", trust(f"arn:aws:iam::{world.account_id}:root"))
    make_role(world, "outer", trust(f"arn:aws:sts::{world.account_id}:assumed-role/inner/mary"))
    world.call(world.root, "DeleteRole", RoleName="inner")
    assert json.loads(shown(world, "outer"))["Statement"][0]["Principal"] == {"AWS": [f"{inner['RoleId']}:mary"]}


def test_services_and_anyone_need_no_id(world: World) -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    make_role(world, "r", document)
    assert bound(world, "r") == {}
    assert shown(world, "r") == document


def test_the_size_of_a_trust_policy_is_limited(world: World) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "x" * 2048}}
    document = trust(f"arn:aws:iam::{world.account_id}:root", condition=condition)
    assert refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document) == (
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )
