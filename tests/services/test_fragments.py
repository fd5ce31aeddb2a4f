"""What is remembered of answers: never of what has changed, and not without end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pytest

from carnet import models
from carnet.base.fragment import Fragment
from carnet.entities.user import User
from carnet.protocols.write import write
from carnet.services import fragments
from carnet.services.fragments import remembered
from carnet.services.operation import Operation
from tests.services.inputs import WRITTEN, SharedWorlds, given, who_calls
from tests.services.world import World
from tests.wire.client import parsed

NOTHING_THERE = frozenset(
    (
        "GetAccountPasswordPolicy",
        "GetContextKeysForCustomPolicy",
        "GetCredentialReport",
        "GetDelegatedAccessToken",
        "GetLoginProfile",
        "GetMFADevice",
        "GetOrganizationsAccessReport",
        "GetOutboundWebIdentityFederationInfo",
        "GetSSHPublicKey",
        "GetScopedCredentials",
        "GetServiceLastAccessedDetails",
        "GetServiceLastAccessedDetailsWithEntities",
        "GetServiceLinkedRoleDeletionStatus",
        "GetWebIdentityToken",
        "ListAccountsWithInvalidEffectivePolicy",
        "ListDelegatedServicesForAccount",
        "ListEffectivePolicyValidationErrors",
        "ListOrganizationsFeatures",
    )
)
"""Operations that tell of what `given` does not make, such as reports. None of them remembers a part of its answer."""
READS = [
    operation
    for operation in WRITTEN
    if not operation.writes and operation.name.startswith(("Get", "List")) and operation.name not in NOTHING_THERE
]
POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'


def plain(value: Any) -> Any:
    """The same answer, of which nothing is remembered."""
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def asked(world: World, operation: Operation) -> dict[str, Any]:
    """An input that something is found by."""
    _filled(world)
    return given(world, operation)


@lru_cache(maxsize=8)
def _filled(world: World) -> None:
    given(world, READS[0])
    for kind in ("User", "Group", "Role"):
        name = {f"{kind}Name": f"the-{kind.lower()}"}
        world.call(world.root, f"Put{kind}Policy", **name, PolicyName="managed", PolicyDocument=POLICY)
    world.call(world.root, "AddUserToGroup", UserName="the-user", GroupName="the-group")
    world.call(world.root, "AddRoleToInstanceProfile", InstanceProfileName="the-profile", RoleName="the-role")


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.name)
def test_an_answer_is_written_as_if_nothing_were_remembered(shared_worlds: SharedWorlds, operation: Operation) -> None:
    world = shared_worlds.of(operation)
    having = asked(world, operation)
    model = models.operation(operation.service, operation.name)
    for path in ("/", "/other/"):
        world.call(world.root, "UpdateUser", UserName="the-user", NewPath=path)
        world.call(world.root, "UpdateGroup", GroupName="the-group", NewPath=path)
        world.call(world.root, "UpdateRoleDescription", RoleName="the-role", Description=path)
        for _ in range(2):
            answer = world.as_caller(who_calls(world, operation), operation.name, service=operation.service, **having)
            unremembered = write(model, plain(answer), "id")
            for made in (answer, Fragment(answer)):
                assert write(model, made, "id") == unremembered
                told = parsed(model.service, write(model, made, "id"), model.output)
                assert told == parsed(model.service, unremembered, model.output)


def a_user(name: str = "alice") -> User:
    return User(id="AIDA1", account="123456789012", name=name, created=datetime(2026, 1, 2, tzinfo=UTC))


@remembered
def shown(user: User, *more: object) -> dict[str, object]:
    return {"UserName": user.name, "Path": repr(more)}


def test_the_same_entity_is_shown_as_the_same_fragment() -> None:
    user = a_user()
    assert shown(user) is shown(user)
    assert shown(user, 1) is shown(user, 1)
    assert shown(user, 1) is not shown(user, 2)
    assert dict(shown(user, 2)) == {"UserName": "alice", "Path": "(2,)"}


def test_a_changed_entity_is_shown_anew() -> None:
    assert shown(a_user()) is not shown(a_user())
    assert shown(a_user("bob"))["UserName"] == "bob"


def test_an_entity_that_is_gone_is_not_taken_for_the_one_in_its_place() -> None:
    """A new object may have the `id()` of one that was let go."""
    for number in range(1_000):
        assert shown(a_user(f"user-{number}"))["UserName"] == f"user-{number}"


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "_ROOM", 10 * fragments._OVERHEAD)
    made: list[User] = []

    @remembered
    def counting(user: User) -> dict[str, object]:
        made.append(user)
        return {"UserName": user.name}

    few, many = [a_user() for _ in range(5)], [a_user() for _ in range(50)]
    for _ in range(2):
        for user in few:
            counting(user)
    assert len(made) == len(few)
    for user in (*many, *few):
        counting(user)
    assert len(made) == 2 * len(few) + len(many)


def test_a_list_weighs_as_much_as_what_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "_ROOM", 10 * fragments._OVERHEAD)
    made: list[object] = []

    @remembered
    def counting(users: tuple[User, ...]) -> dict[str, object]:
        made.append(users)
        return {"Users": list(users)}

    long, other = tuple(a_user() for _ in range(20)), tuple(a_user() for _ in range(20))
    for users in (long, other, other, long):
        counting(users)
    assert len(made) == 3, "each of them alone fills the young half of the memory"
