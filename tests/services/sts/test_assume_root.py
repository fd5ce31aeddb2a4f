"""AssumeRoot, which an account that is in no organization may not call for any account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow
from tests.services.iam.expect import refused
from tests.services.world import Caller, World

AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
MEMBER = "444455556666"


def asked(world: World, caller: Caller, **given: Any) -> tuple[str, str]:
    members = {"TargetPrincipal": MEMBER, "TaskPolicyArn": {"arn": AUDIT}, **given}
    return refused(world, caller, "AssumeRoot", service="sts", **members)


@pytest.mark.parametrize("principal", [MEMBER, f"arn:aws:iam::{MEMBER}:root"])
def test_nobody_may(world: World, principal: str) -> None:
    alice = world.user("alice", [allow("sts:AssumeRoot")])
    code, message = asked(world, alice, TargetPrincipal=principal)
    assert code == "AccessDenied"
    assert f"is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::{MEMBER}:root" in message
    assert asked(world, alice, TargetPrincipal=world.account_id)[0] == "AccessDenied"


def test_nor_may_root_users(world: World) -> None:
    assert asked(world, world.root) == ("AccessDenied", "Root users may not call AssumeRoot.")


@pytest.mark.parametrize(
    "principal", ["alice-alice-a", f"{MEMBER}:root", f"arn:aws:iam::{MEMBER}", f"arn:aws:iam::{MEMBER}:user/alice"]
)
def test_the_target_is_an_account(world: World, principal: str) -> None:
    alice = world.user("alice", [allow("sts:AssumeRoot")])
    expected = ("ValidationError", "Request must contain a valid target principal")
    assert asked(world, alice, TargetPrincipal=principal) == expected


def test_the_task_is_one_of_five(world: World) -> None:
    alice = world.user("alice", [allow("sts:AssumeRoot")])
    other = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    expected = ("ValidationError", "Request must contain valid AWS managed task policy ARN")
    assert asked(world, alice, TaskPolicyArn={"arn": other}) == expected
