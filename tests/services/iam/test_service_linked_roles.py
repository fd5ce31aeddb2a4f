"""CreateServiceLinkedRole, DeleteServiceLinkedRole, GetServiceLinkedRoleDeletionStatus, and what protects the roles.

Sentences and answers are those recorded from AWS.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.entities.role import Role
from carnet.entities.role_deletion import RoleDeletion
from carnet.services.iam import service_linked_roles
from tests.services.iam.documents import allow
from tests.services.iam.expect import refused, set_quotas
from tests.services.iam.made_roles import create
from tests.services.wire import fits_the_model
from tests.services.world import START, World

SERVICE, NAME = "autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"
PATH = f"/aws-service-role/{SERVICE}/"


def linked(world: World, **given: Any) -> dict[str, Any]:
    answer = world.call(world.root, "CreateServiceLinkedRole", **{"AWSServiceName": SERVICE} | given)
    made: dict[str, Any] = answer["Role"]
    return made


def delete(world: World, name: str = NAME) -> str:
    task: str = world.call(world.root, "DeleteServiceLinkedRole", RoleName=name)["DeletionTaskId"]
    return task


def test_the_answer_is_what_aws_answers(world: World) -> None:
    answer = world.call(world.root, "CreateServiceLinkedRole", AWSServiceName=SERVICE, Description="scales")
    role = dict(answer["Role"])
    assert json.loads(unquote(role.pop("AssumeRolePolicyDocument"))) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": [SERVICE]}, "Action": ["sts:AssumeRole"]}],
    }
    assert role == {
        "Path": PATH,
        "RoleName": NAME,
        "RoleId": role["RoleId"],
        "Arn": f"arn:aws:iam::{world.account_id}:role{PATH}{NAME}",
        "CreateDate": START,
    }
    assert fits_the_model("CreateServiceLinkedRole", answer)


def test_the_role_has_its_services_trust_and_policy(world: World) -> None:
    linked(world, Description="scales")
    role = world.call(world.root, "GetRole", RoleName=NAME)["Role"]
    assert (role["Description"], role["MaxSessionDuration"], role["RoleLastUsed"]) == ("scales", 3600, {})
    (statement,) = json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"]
    assert statement == {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    (attached,) = world.call(world.root, "ListAttachedRolePolicies", RoleName=NAME)["AttachedPolicies"]
    assert attached["PolicyArn"] == "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"
    listed = world.call(world.root, "ListRoles", PathPrefix="/aws-service-role/")["Roles"]
    assert [each["RoleName"] for each in listed] == [NAME]


def test_a_role_in_another_partition_has_the_policies_of_that_partition(world: World) -> None:
    root = world.account("aws-cn")
    world.call(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)
    (attached,) = world.call(root, "ListAttachedRolePolicies", RoleName=NAME)["AttachedPolicies"]
    assert attached["PolicyArn"] == "arn:aws-cn:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"


def test_the_stored_role_is_one_that_scps_leave_alone(world: World) -> None:
    linked(world)
    view = world.snapshot.account(world.account_id)
    assert view is not None
    role = view.of(Role).named(NAME)
    assert role is not None
    assert role.linked_service == SERVICE


def test_there_is_one_role_of_a_name(world: World) -> None:
    linked(world)
    linked(world, CustomSuffix="second")
    for suffix, name in (({}, NAME), ({"CustomSuffix": "SECOND"}, f"{NAME}_SECOND")):
        assert refused(world, world.root, "CreateServiceLinkedRole", AWSServiceName=SERVICE, **suffix) == (
            "InvalidInput",
            f"Service role name {name} has been taken in this account, please try a different suffix.",
        )


@pytest.mark.parametrize("service", ["ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com", "rds.amazonaws.com"])
def test_some_services_take_no_suffix(world: World, service: str) -> None:
    asked = {"AWSServiceName": service, "CustomSuffix": "x"}
    assert refused(world, world.root, "CreateServiceLinkedRole", **asked) == (
        "InvalidInput",
        f"Custom suffix is not allowed for {service}",
    )


def test_a_name_with_its_suffix_is_no_longer_than_a_role_name(world: World) -> None:
    longest = 64 - len(NAME) - 1
    assert len(linked(world, CustomSuffix="x" * longest)["RoleName"]) == 64
    asked = {"AWSServiceName": SERVICE, "CustomSuffix": "x" * (longest + 1)}
    code, message = refused(world, world.root, "CreateServiceLinkedRole", **asked)
    assert (code, "longer than 64 characters" in message) == ("InvalidInput", True)


@pytest.mark.parametrize("service", ["account.amazonaws.com", "Autoscaling.amazonaws.com", "nobody"])
def test_a_service_without_a_role_is_told_so(world: World, service: str) -> None:
    assert refused(world, world.root, "CreateServiceLinkedRole", AWSServiceName=service) == (
        "AccessDenied",
        f"Cannot find Service Linked Role template for {service}",
    )


def test_service_linked_roles_count_as_roles(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateServiceLinkedRole", roles=1)
    linked(world)
    asked = {"AWSServiceName": SERVICE, "CustomSuffix": "b"}
    code, message = refused(world, world.root, "CreateServiceLinkedRole", **asked)
    assert (code, message) == ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1")


def test_a_policy_may_name_the_service_and_the_role(world: World) -> None:
    policy = allow(
        "iam:CreateServiceLinkedRole",
        resource=f"arn:aws:iam::*:role{PATH}{NAME}*",
        condition={"StringLike": {"iam:AWSServiceName": SERVICE}},
    )
    alice = world.user("alice", [policy])
    assert refused(world, alice, "CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")[0] == "AccessDenied"
    world.call(alice, "CreateServiceLinkedRole", AWSServiceName=SERVICE, CustomSuffix="a")


def test_who_may_not_learns_nothing_of_what_is_known(world: World) -> None:
    alice = world.user("alice")
    for service in (SERVICE, "nobody.amazonaws.com"):
        message = refused(world, alice, "CreateServiceLinkedRole", AWSServiceName=service)[1]
        assert "is not authorized to perform: iam:CreateServiceLinkedRole" in message


def test_of_an_update_only_the_description_is_taken(world: World) -> None:
    linked(world)
    world.call(world.root, "UpdateRole", RoleName=NAME, Description="mine")
    assert world.call(world.root, "GetRole", RoleName=NAME)["Role"]["Description"] == "mine"
    durations: tuple[dict[str, Any], ...] = (
        {"MaxSessionDuration": 7200},
        {"MaxSigninSessionDuration": 7200},
        {"ResetMaxSigninSessionDuration": True},
    )
    for given in durations:
        assert refused(world, world.root, "UpdateRole", RoleName=NAME, **given) == (
            "UnmodifiableEntity",
            f"{NAME} is an AWS service linked role, max session duration cannot be changed.",
        )
    world.call(world.root, "UpdateRoleDescription", RoleName=NAME, Description="yours")
    assert world.call(world.root, "GetRole", RoleName=NAME)["Role"]["Description"] == "yours"


def test_a_deletion_succeeds_and_can_be_asked_for(world: World) -> None:
    linked(world, CustomSuffix="a")
    task = delete(world, f"{NAME}_a")
    assert re.fullmatch(rf"task{PATH}{NAME}_a/[0-9a-f-]{{36}}", task)
    answer = world.call(world.root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
    assert answer == {"Status": "SUCCEEDED"}
    assert fits_the_model("GetServiceLinkedRoleDeletionStatus", answer)
    assert refused(world, world.root, "GetRole", RoleName=f"{NAME}_a")[0] == "NoSuchEntity"
    assert refused(world, world.root, "DeleteServiceLinkedRole", RoleName=f"{NAME}_a")[0] == "NoSuchEntity"


def test_only_service_linked_roles_are_deleted_so(world: World) -> None:
    create(world)
    for name in ("worker", "nobody"):
        assert refused(world, world.root, "DeleteServiceLinkedRole", RoleName=name) == (
            "NoSuchEntity",
            f"The role with name {name} cannot be found.",
        )


@pytest.mark.parametrize("task", ["task", "task/aws-service-role/a/b/c", f"task{PATH}{NAME}/" + "0" * 36])
def test_what_is_no_task_is_told_so(world: World, task: str) -> None:
    assert refused(world, world.root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task) == (
        "InvalidInput",
        "Invalid task id",
    )


def test_a_task_of_another_role_or_account_is_not_found(world: World) -> None:
    linked(world)
    task = delete(world)
    other = world.account()
    asked = {"DeletionTaskId": task.replace(NAME, "Another")}
    missing = ("NoSuchEntity", "Cannot find deletion status for given id.")
    assert refused(world, world.root, "GetServiceLinkedRoleDeletionStatus", **asked) == missing
    assert refused(world, other, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task) == missing


def test_the_status_is_decided_on_the_role(world: World) -> None:
    linked(world)
    task = delete(world)
    policy = allow("iam:GetServiceLinkedRoleDeletionStatus", resource=f"arn:aws:iam::*:role{PATH}{NAME}")
    alice = world.user("alice", [policy])
    assert world.call(alice, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"] == "SUCCEEDED"
    other = task.replace("autoscaling", "ecs")
    assert refused(world, alice, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=other)[0] == "AccessDenied"


def test_the_newest_deletions_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_linked_roles, "_DELETIONS_KEPT", 2)
    tasks = []
    for _ in range(3):
        linked(world)
        tasks.append(delete(world))
        world.clock.advance(1)
    code, _ = refused(world, world.root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=tasks[0])
    assert code == "NoSuchEntity"
    for task in tasks[1:]:
        world.call(world.root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
    view = world.snapshot.account(world.account_id)
    assert view is not None
    assert len(view.of(RoleDeletion)) == 2


def test_ordinary_roles_do_not_become_service_linked(world: World) -> None:
    create(world, NAME)
    assert refused(world, world.root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)[0] == "InvalidInput"
    world.call(world.root, "UpdateRole", RoleName=NAME, MaxSessionDuration=7200)
