"""The frame of an operation: what its target finds is handed to its body, after authorization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carnet.base.faults import FAULTS, Denied, Missing
from carnet.entities.user import User
from carnet.services.execution import Failed
from carnet.services.iam import targets
from carnet.services.operation import Answer, Call, Operation, account_wide
from carnet.services.service import Service
from carnet.services.target import Target
from tests.services.iam.documents import allow, trust
from tests.services.world import Caller, World

CODES = dict.fromkeys(FAULTS, "AnyCode")


def get_user(call: Call, given: Any, user: User) -> Answer:
    return {"User": user}


def list_users(call: Call, given: Any) -> Answer:
    return {"Users": []}


def unannotated(call: Any, given: Any):  # type: ignore[no-untyped-def]  # it says not what it finds
    return account_wide(call, given)


@pytest.mark.parametrize(
    ("on", "body"),
    [(targets.user, list_users), (account_wide, get_user), (targets.group_and_user, get_user)],
)
def test_a_body_that_does_not_take_what_its_target_finds_is_refused_at_import(
    on: Callable[[Any, Any], Target[Any]], body: Callable[..., Answer]
) -> None:
    service: Any = Service("iam", fault_codes=CODES)
    with pytest.raises(TypeError, match="the body of iam:GetUser takes"):
        service.read("GetUser", on=on)(body)
    assert service.operations == {}


def test_a_target_that_does_not_say_what_it_finds_is_refused_at_import() -> None:
    service: Any = Service("iam", fault_codes=CODES)
    with pytest.raises(KeyError):
        service.read("GetUser", on=unannotated)(list_users)


def test_a_body_is_called_with_what_its_target_found(world: World) -> None:
    reader = world.user("reader", [allow("iam:GetUser")])
    answer = perform(world, reader, operation(targets.user, get_user), {"UserName": "READER"})
    assert answer["User"] is world.snapshot.accounts[world.account_id].of(User).named("reader")


def test_only_who_is_allowed_learns_that_there_is_nothing(world: World) -> None:
    asked = operation(targets.user, get_user)
    with pytest.raises(Missing, match="The user with name nobody"):
        perform(world, world.user("reader", [allow("iam:GetUser")]), asked, {"UserName": "nobody"})
    with pytest.raises(Denied):
        perform(world, world.user("stranger"), asked, {"UserName": "nobody"})


def test_a_second_thing_is_missed_after_the_first(world: World) -> None:
    lead = world.user("lead", [allow("iam:AddRoleToInstanceProfile")])
    name = "AddRoleToInstanceProfile"
    asked = operation(targets.instance_profile_and_role, lambda call, given, profile, role: {}, name=name)
    with pytest.raises(Missing, match="Instance Profile"):
        perform(world, lead, asked, {"InstanceProfileName": "none", "RoleName": "none"})
    world.call(world.root, "CreateInstanceProfile", InstanceProfileName="web")
    with pytest.raises(Missing, match="role"):
        perform(world, lead, asked, {"InstanceProfileName": "web", "RoleName": "none"})
    world.call(world.root, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=trust("111122223333"))
    perform(world, lead, asked, {"InstanceProfileName": "web", "RoleName": "worker"})


def test_a_name_that_is_registered_twice_is_refused() -> None:
    service = Service("iam", fault_codes=CODES)
    service.read("GetUser", on=targets.user)(get_user)
    with pytest.raises(ValueError, match="registered twice"):
        service.read("GetUser", on=targets.user)(get_user)


def operation(on: Callable[[Any, Any], Any], body: Callable[..., Answer], *, name: str = "GetUser") -> Operation:
    return Operation(
        service="iam", name=name, action=f"iam:{name}", writes=False, on=on, also=(), context=(), body=body
    )


def perform(world: World, caller: Caller, asked: Operation, given: dict[str, Any]) -> Answer:
    outcome = world.installation.execution.read(asked, world.parsed(asked, world.principal(caller), given))
    if isinstance(outcome, Failed):
        raise outcome.problem
    return outcome.answer
