from __future__ import annotations

from tests.services.sts.trust import ASSUME, assume, role
from tests.services.world import World


def test_root_is_its_account(world: World) -> None:
    account = world.account_id
    assert world.call(world.root, "GetCallerIdentity", service="sts") == {
        "UserId": account,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:root",
    }


def test_a_user_is_known_by_its_id(world: World) -> None:
    alice = world.user("alice")
    user = world.call(world.root, "GetUser", UserName="alice")["User"]
    assert world.call(alice, "GetCallerIdentity", service="sts") == {
        "UserId": user["UserId"],
        "Account": world.account_id,
        "Arn": user["Arn"],
    }


def test_a_role_session_leaves_out_the_roles_path(world: World) -> None:
    arn = role(world, "reader", Path="/team/")
    answer = assume(world, world.user("alice", [ASSUME]), arn, name="monday")
    assert world.call(world.session(answer), "GetCallerIdentity", service="sts") == {
        "UserId": answer["AssumedRoleUser"]["AssumedRoleId"],
        "Account": world.account_id,
        "Arn": f"arn:aws:sts::{world.account_id}:assumed-role/reader/monday",
    }


def test_no_policy_can_deny_it(world: World) -> None:
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    assert world.call(world.user("alice", [deny]), "GetCallerIdentity", service="sts")
