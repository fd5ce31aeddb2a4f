"""Permissions boundaries of users and roles."""

from __future__ import annotations

import pytest

from tests.services.iam.documents import allow, managed, trust
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def holder(world: World, request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """`User` or `Role`, and the member that names the one made."""
    kind: str = request.param
    given = {f"{kind}Name": "x"}
    extra = {"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{world.account_id}:root")} if kind == "Role" else {}
    world.call(world.root, f"Create{kind}", **given, **extra)
    return kind, given


both = pytest.mark.parametrize("holder", ["User", "Role"], indirect=True)


@both
def test_a_boundary_is_set_replaced_and_taken_away(world: World, holder: tuple[str, dict[str, str]]) -> None:
    kind, given = holder
    for arn in (READ_ONLY, managed(world)):
        world.call(world.root, f"Put{kind}PermissionsBoundary", **given, PermissionsBoundary=arn)
        shown = world.call(world.root, f"Get{kind}", **given)[kind]["PermissionsBoundary"]
        assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
        changes_nothing(world, world.root, f"Put{kind}PermissionsBoundary", **given, PermissionsBoundary=arn)
    world.call(world.root, f"Delete{kind}PermissionsBoundary", **given)
    assert "PermissionsBoundary" not in world.call(world.root, f"Get{kind}", **given)[kind]
    changes_nothing(world, world.root, f"Delete{kind}PermissionsBoundary", **given)


@both
def test_a_boundary_is_a_managed_policy_that_exists(world: World, holder: tuple[str, dict[str, str]]) -> None:
    kind, given = holder
    operation, none = f"Put{kind}PermissionsBoundary", f"arn:aws:iam::{world.account_id}:policy/none"
    assert refused(world, world.root, operation, **given, PermissionsBoundary=none) == (
        "NoSuchEntity",
        f"Scope ARN: {none} does not exist or is not attachable.",
    )
    assert refused(world, world.root, operation, **given, PermissionsBoundary="not an ARN, all the same") == (
        "InvalidInput",
        "Invalid ARN:  Could not be parsed!",
    )
    role = f"arn:aws:iam::{world.account_id}:role/r"
    assert refused(world, world.root, operation, **given, PermissionsBoundary=role) == (
        "InvalidInput",
        f"ARN {role} is not valid.",
    )


def test_another_accounts_policy_is_no_boundary(world: World) -> None:
    other = managed(world)
    stranger = world.account()
    world.call(stranger, "CreateUser", UserName="x")
    code, _ = refused(world, stranger, "PutUserPermissionsBoundary", UserName="x", PermissionsBoundary=other)
    assert code == "NoSuchEntity"


def test_another_partitions_policy_is_no_boundary(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="x")
    arn = "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"
    assert refused(world, world.root, "PutUserPermissionsBoundary", UserName="x", PermissionsBoundary=arn) == (
        "ValidationError",
        "Invalid ARN partition",
    )


def test_a_boundary_caps_what_policies_allow(world: World) -> None:
    alice = world.user("alice", [allow("iam:*")])
    assert world.call(alice, "ListUsers")
    world.call(world.root, "PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=managed(world))
    code, message = refused(world, alice, "ListUsers")
    assert code == "AccessDenied"
    assert message.endswith("because no permissions boundary allows the iam:ListUsers action")
