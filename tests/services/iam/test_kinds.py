"""What IAM's operations may not change: the roles of AWS's own services."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carnet.entities.role import Role
from tests.services.iam.documents import allow, text, trust
from tests.services.iam.expect import refused
from tests.services.iam.made_roles import EC2
from tests.services.world import World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def linked(world: World) -> str:
    """The name of a service-linked role."""
    document = trust(f"arn:aws:iam::{world.account_id}:root")
    world.call(world.root, "CreateRole", RoleName="Linked", AssumeRolePolicyDocument=document)
    view = world.snapshot.account(world.account_id)
    assert view is not None
    role = view.of(Role).named("Linked")
    assert role is not None
    with world.installation.store.write() as unit:
        unit.save(replace(role, linked_service="ec2.amazonaws.com"))
    world.installation.directory.catch_up()
    return role.name


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": text(allow("s3:*"))}),
        ("DeleteRolePolicy", {"PolicyName": "p"}),
        ("AttachRolePolicy", {"PolicyArn": READ_ONLY}),
        ("DetachRolePolicy", {"PolicyArn": READ_ONLY}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": READ_ONLY}),
        ("DeleteRolePermissionsBoundary", {}),
    ],
)
def test_a_service_linked_role_is_not_changed(world: World, linked: str, operation: str, given: dict[str, str]) -> None:
    assert refused(world, world.root, operation, RoleName=linked, **given) == (
        "UnmodifiableEntity",
        "Cannot perform the operation on the protected role 'Linked' - this role is only modifiable by AWS",
    )


def test_a_service_linked_role_can_be_tagged(world: World, linked: str) -> None:
    world.call(world.root, "TagRole", RoleName=linked, Tags=[{"Key": "k", "Value": "v"}])
    assert world.call(world.root, "ListRoleTags", RoleName=linked)["Tags"] == [{"Key": "k", "Value": "v"}]


RESERVED = ("InvalidInput", "Paths beginning with '/aws-service-role' are reserved for AWS Service Linked Roles")
NEW = [
    ("CreateUser", {"UserName": "n"}),
    ("CreateGroup", {"GroupName": "n"}),
    ("CreateRole", {"RoleName": "n", "AssumeRolePolicyDocument": EC2}),
    ("CreatePolicy", {"PolicyName": "n", "PolicyDocument": text(allow("s3:*"))}),
    ("CreateInstanceProfile", {"InstanceProfileName": "n"}),
]


@pytest.mark.parametrize(("operation", "given"), NEW)
def test_the_path_of_service_linked_roles_is_reserved(world: World, operation: str, given: dict[str, str]) -> None:
    for path in ("/aws-service-role/", "/aws-service-role/ecs.amazonaws.com/", "/aws-service-roles/"):
        assert refused(world, world.root, operation, **given, Path=path) == RESERVED
    world.call(world.root, operation, **given, Path="/my/aws-service-role/")


@pytest.mark.parametrize(("operation", "given"), NEW)
def test_the_path_of_aws_itself_is_reserved(world: World, operation: str, given: dict[str, str]) -> None:
    reserved = ("InvalidInput", "Paths beginning with '/aws-reserved' are reserved for AWS services")
    for path in ("/aws-reserved/", "/aws-reserved/sso.amazonaws.com/", "/aws-reserved-too/"):
        assert refused(world, world.root, operation, **given, Path=path) == reserved
    world.call(world.root, operation, **given, Path="/my/aws-reserved/")


@pytest.mark.parametrize("name", ["AWSReservedSSO_Mine", "awsreservedsso_mine"])
def test_the_names_of_the_roles_of_permission_sets_are_reserved(world: World, name: str) -> None:
    given = {"RoleName": name, "AssumeRolePolicyDocument": EC2}
    reserved = ("InvalidInput", f"The name {name} is reserved for AWS services.")
    assert refused(world, world.root, "CreateRole", **given) == reserved


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_nothing_moves_to_the_path_of_service_linked_roles(world: World, kind: str) -> None:
    given = {f"{kind}Name": "n"}
    world.call(world.root, f"Create{kind}", **given)
    assert refused(world, world.root, f"Update{kind}", **given, NewPath="/aws-service-role/x/") == RESERVED
    world.call(world.root, f"Update{kind}", **given, NewPath="/aws-service/")
