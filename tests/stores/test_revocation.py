"""What is taken away is gone at the very next request on the same node, and within a second on every other.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.settings import Settings
from carnet.base.timestamps import iso_seconds
from carnet.directory.follower import Follower
from tests.directory.following import following
from tests.services.iam.documents import allow, deny, text, trust
from tests.services.world import Caller, ServiceError, TurnableClock, World
from tests.waiting import eventually

SECONDS = 1.0
MAY_LIST = allow("iam:ListUsers")
MAY_ASSUME = allow("sts:AssumeRole")

Act = Callable[[], object]
Revocation = Callable[[World, str], tuple[Caller, Act]]
"""(world, a name of its own) to somebody who may list users, and what takes that away."""


class Node(World):
    """Another node on the same store, whose directory follows it."""

    def __init__(self, installation: Installation, clock: TurnableClock) -> None:
        self.installation = installation
        self.clock = clock


@contextmanager
def two_nodes(database: str, path: Path) -> Iterator[tuple[World, Node]]:
    clock = TurnableClock()
    with ExitStack() as stack:

        def opened(name: str, *, create: bool) -> Installation:
            settings = Settings(data_dir=path / name, database_url=database, master_key_file=path / "master.key")
            return stack.enter_context(open_installation(settings, create=create, clock=clock))

        world = World(opened("one", create=True), clock)
        other = opened("other", create=False)
        stack.enter_context(following(Follower(other.directory, other.store)))
        yield world, Node(other, clock)


def _user(world: World, name: str, *policies: dict[str, Any]) -> Caller:
    return world.user(name, policies)


def _session(world: World, name: str) -> Caller:
    """A session of a new role that may list users."""
    caller = _user(world, f"caller-{name}", MAY_ASSUME)
    document = trust(f"arn:aws:iam::{world.account_id}:root")
    world.call(world.root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)
    world.call(world.root, "PutRolePolicy", RoleName=name, PolicyName="list", PolicyDocument=text(MAY_LIST))
    given = {"RoleArn": f"arn:aws:iam::{world.account_id}:role/{name}", "RoleSessionName": "session"}
    return world.session(world.call(caller, "AssumeRole", service="sts", **given))


def inactive_key(world: World, name: str) -> tuple[Caller, Act]:
    caller = _user(world, name, MAY_LIST)
    given = {"UserName": name, "AccessKeyId": caller.key_id, "Status": "Inactive"}
    return caller, lambda: world.call(world.root, "UpdateAccessKey", **given)


def deleted_key(world: World, name: str) -> tuple[Caller, Act]:
    caller = _user(world, name, MAY_LIST)
    return caller, lambda: world.call(world.root, "DeleteAccessKey", UserName=name, AccessKeyId=caller.key_id)


def inline_policy(world: World, name: str) -> tuple[Caller, Act]:
    return _user(world, name, MAY_LIST), lambda: world.call(
        world.root, "DeleteUserPolicy", UserName=name, PolicyName="p0"
    )


def further_deny(world: World, name: str) -> tuple[Caller, Act]:
    given = {"UserName": name, "PolicyName": "further", "PolicyDocument": text(deny("*"))}
    return _user(world, name, MAY_LIST), lambda: world.call(world.root, "PutUserPolicy", **given)


def policy_version(world: World, name: str) -> tuple[Caller, Act]:
    made = world.call(world.root, "CreatePolicy", PolicyName=name, PolicyDocument=text(MAY_LIST))["Policy"]
    caller = _user(world, name)
    world.call(world.root, "AttachUserPolicy", UserName=name, PolicyArn=made["Arn"])
    given = {"PolicyArn": made["Arn"], "PolicyDocument": text(allow("s3:*")), "SetAsDefault": True}
    return caller, lambda: world.call(world.root, "CreatePolicyVersion", **given)


def membership(world: World, name: str) -> tuple[Caller, Act]:
    caller, given = _user(world, name), {"GroupName": name, "UserName": name}
    world.call(world.root, "CreateGroup", GroupName=name)
    world.call(world.root, "PutGroupPolicy", GroupName=name, PolicyName="list", PolicyDocument=text(MAY_LIST))
    world.call(world.root, "AddUserToGroup", **given)
    return caller, lambda: world.call(world.root, "RemoveUserFromGroup", **given)


def boundary(world: World, name: str) -> tuple[Caller, Act]:
    given = {"UserName": name, "PermissionsBoundary": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}
    return _user(world, name, MAY_LIST), lambda: world.call(world.root, "PutUserPermissionsBoundary", **given)


def policy_of_role(world: World, name: str) -> tuple[Caller, Act]:
    return _session(world, name), lambda: world.call(world.root, "DeleteRolePolicy", RoleName=name, PolicyName="list")


def issue_time(world: World, name: str) -> tuple[Caller, Act]:
    """As the console revokes a role's sessions."""
    session = _session(world, name)
    before = {"DateLessThan": {"aws:TokenIssueTime": iso_seconds(world.clock.now + timedelta(seconds=1))}}
    document = text(deny("*", condition=before))
    given = {"RoleName": name, "PolicyName": "AWSRevokeOlderSessions", "PolicyDocument": document}
    return session, lambda: world.call(world.root, "PutRolePolicy", **given)


def deleted_role(world: World, name: str) -> tuple[Caller, Act]:
    def act() -> None:
        world.call(world.root, "DeleteRolePolicy", RoleName=name, PolicyName="list")
        world.call(world.root, "DeleteRole", RoleName=name)

    return _session(world, name), act


def role_made_again(world: World, name: str) -> tuple[Caller, Act]:
    session, delete = deleted_role(world, name)

    def act() -> None:
        delete()
        document = trust(f"arn:aws:iam::{world.account_id}:root")
        world.call(world.root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)
        world.call(world.root, "PutRolePolicy", RoleName=name, PolicyName="list", PolicyDocument=text(MAY_LIST))

    return session, act


REVOCATIONS: tuple[Revocation, ...] = (
    inactive_key,
    deleted_key,
    inline_policy,
    further_deny,
    policy_version,
    membership,
    boundary,
    policy_of_role,
    issue_time,
    deleted_role,
    role_made_again,
)


def allowed(node: World, caller: Caller) -> bool:
    try:
        node.call(caller, "ListUsers")
    except ServiceError as refusal:
        if refusal.code not in ("AccessDenied", "InvalidClientTokenId"):
            raise
        return False
    return True


def test_it_acts_at_once_here_and_within_a_second_elsewhere(database: str, tmp_path: Path) -> None:
    lags = []
    with two_nodes(database, tmp_path) as (world, other):
        for number, revocation in enumerate(REVOCATIONS):
            caller, act = revocation(world, f"name-{number}")
            eventually(lambda: other.snapshot.revision == world.snapshot.revision)
            assert allowed(world, caller), revocation.__name__
            assert allowed(other, caller), revocation.__name__
            act()
            assert not allowed(world, caller), revocation.__name__
            revoked = world.snapshot.revision
            taken = time.monotonic()
            eventually(lambda: other.snapshot.revision == revoked, pause=0.002)  # noqa: B023  called at once
            lags.append(time.monotonic() - taken)
            assert not allowed(other, caller), revocation.__name__
        assert not _role_that_is_closed(world, other)
    assert sorted(lags)[2] < SECONDS, "a busy machine may slow all but a few"


def _role_that_is_closed(world: World, other: Node) -> list[str]:
    """The answers of both nodes to who asks for a role that has just changed whom it trusts."""
    caller, account = _user(world, "caller", MAY_ASSUME), f"arn:aws:iam::{world.account_id}:root"
    world.call(world.root, "CreateRole", RoleName="closed", AssumeRolePolicyDocument=trust(account))
    given = {"RoleArn": f"arn:aws:iam::{world.account_id}:role/closed", "RoleSessionName": "session"}
    eventually(lambda: other.snapshot.revision == world.snapshot.revision)
    assert other.call(caller, "AssumeRole", service="sts", **given)
    nobody = trust(account, condition={"Bool": {"aws:SecureTransport": "false"}})
    world.call(world.root, "UpdateAssumeRolePolicy", RoleName="closed", PolicyDocument=nobody)
    eventually(lambda: other.snapshot.revision == world.snapshot.revision)
    answers = []
    for node in (world, other):
        with suppress(ServiceError):
            answers.append(node.call(caller, "AssumeRole", service="sts", **given)["AssumedRoleUser"]["Arn"])
    return answers
