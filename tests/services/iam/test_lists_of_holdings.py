"""Lists of what users hold: whose they are, and who may ask."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow, trust
from tests.services.iam.expect import refused
from tests.services.world import Caller, World

LISTS_OF_A_USER = {
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
    "ListSigningCertificates": "Certificates",
}


@pytest.fixture(params=LISTS_OF_A_USER)
def listing(request: pytest.FixtureRequest) -> str:
    asked: str = request.param
    return asked


def test_a_user_has_none(world: World, listing: str) -> None:
    world.call(world.root, "CreateUser", UserName="alice")
    empty = {LISTS_OF_A_USER[listing]: [], "IsTruncated": False}
    assert world.call(world.root, listing, UserName="alice", MaxItems=1) == empty


def test_without_a_name_the_caller_is_meant(world: World, listing: str) -> None:
    alice = world.user("alice", [allow(f"iam:{listing}", resource="arn:aws:iam::*:user/alice")])
    for caller in (alice, world.root):
        assert world.call(caller, listing)[LISTS_OF_A_USER[listing]] == []


def test_a_session_has_to_name_a_user(world: World) -> None:
    session = _session(world)
    for operation in LISTS_OF_A_USER:
        expected = ("ValidationError", "Must specify userName when calling with non-User credentials")
        assert refused(world, session, operation) == expected


def test_a_user_that_does_not_exist_is_missing(world: World) -> None:
    for operation in LISTS_OF_A_USER:
        expected = ("NoSuchEntity", "The user with name nobody cannot be found.")
        assert refused(world, world.root, operation, UserName="nobody") == expected


def test_the_credentials_of_all_users_need_the_permission_on_all_users(world: World) -> None:
    operation = "ListServiceSpecificCredentials"
    one = world.user("one", [allow(f"iam:{operation}", resource="arn:aws:iam::*:user/one")])
    every = world.user("every", [allow(f"iam:{operation}", resource="arn:aws:iam::*:user/*")])
    asked: dict[str, Any] = {"AllUsers": True, "ServiceName": "codecommit.amazonaws.com"}
    assert world.call(every, operation, **asked)["ServiceSpecificCredentials"] == []
    assert refused(world, one, operation, **asked)[0] == "AccessDenied"
    expected = ("ValidationError", "UserName cannot be specified together with AllUsers.")
    assert refused(world, world.root, operation, UserName="one", **asked) == expected


def _session(world: World) -> Caller:
    """A session of a role that may do everything in IAM."""
    alice = world.user("alice", [allow("sts:AssumeRole")])
    document = trust(world.principal(alice).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="admin", AssumeRolePolicyDocument=document)["Role"]
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}'
    world.call(world.root, "PutRolePolicy", RoleName="admin", PolicyName="all", PolicyDocument=policy)
    return world.session(world.call(alice, "AssumeRole", service="sts", RoleArn=role["Arn"], RoleSessionName="session"))
