from __future__ import annotations

from datetime import timedelta

import pytest

from tests.services.sts.trust import ALLOW_ALL, ASSUME, assume, role
from tests.services.world import START, Caller, ServiceError, World


def get_session_token(world: World, caller: Caller, **given: object) -> dict[str, object]:
    return dict(world.call(caller, "GetSessionToken", service="sts", **given)["Credentials"])


@pytest.mark.parametrize(("asked", "seconds"), [({}, 43_200), ({"DurationSeconds": 900}, 900)])
def test_a_users_session_lasts_as_asked(world: World, asked: dict[str, int], seconds: int) -> None:
    alice = world.user("alice")
    assert get_session_token(world, alice, **asked)["Expiration"] == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(("asked", "seconds"), [({}, 3600), ({"DurationSeconds": 129_600}, 3600)])
def test_a_session_of_root_is_cut_to_an_hour(world: World, asked: dict[str, int], seconds: int) -> None:
    assert get_session_token(world, world.root, **asked)["Expiration"] == START + timedelta(seconds=seconds)


def test_it_needs_no_permission_and_no_policy_can_forbid_it(world: World) -> None:
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    assert get_session_token(world, world.user("alice", [deny]))


def test_the_session_is_the_user(world: World) -> None:
    alice = world.user("alice")
    session = world.session(world.call(alice, "GetSessionToken", service="sts"))
    identity = world.call(session, "GetCallerIdentity", service="sts")
    assert identity == world.call(alice, "GetCallerIdentity", service="sts")


def test_the_session_ends_with_the_user(world: World) -> None:
    alice = world.user("alice")
    session = world.session(world.call(alice, "GetSessionToken", service="sts"))
    world.call(world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id)
    world.call(world.root, "DeleteUser", UserName="alice")
    world.user("alice", [ALLOW_ALL])
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        world.call(session, "GetCallerIdentity", service="sts")


def test_the_session_may_assume_roles_and_no_more_of_sts_and_iam(world: World) -> None:
    arn = role(world, "reader")
    session = world.session(world.call(world.user("alice", [ALLOW_ALL]), "GetSessionToken", service="sts"))
    assert assume(world, session, arn)
    with pytest.raises(ServiceError, match="AccessDenied"):
        world.call(session, "GetSessionToken", service="sts")
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        world.call(session, "ListUsers")


def test_a_session_of_a_role_gets_none(world: World) -> None:
    session = world.session(assume(world, world.user("alice", [ASSUME]), role(world, "reader")))
    with pytest.raises(ServiceError, match="Cannot call GetSessionToken with session credentials") as refused:
        world.call(session, "GetSessionToken", service="sts")
    assert refused.value.code == "AccessDenied"
