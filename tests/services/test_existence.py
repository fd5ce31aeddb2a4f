"""Who is denied learns nothing of what exists."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from carnet.base.faults import Denied
from carnet.entities.user import User
from carnet.identity.authenticate import Authenticate
from carnet.services.execution import Failed
from carnet.services.operation import Operation
from carnet.services.registry import SERVICES
from carnet.services.target import Target
from tests.services.inputs import WRITTEN, SharedWorlds, given
from tests.services.world import ServiceError, World

OPEN_TO_EVERYBODY = frozenset(("GetCallerIdentity", "GetSessionToken"))
NAMES_NOTHING = frozenset(("AcquireRole", "ChangePassword"))
"""A role by the values for its template, and the caller itself."""
NAMES = (
    "AccessKeyId",
    "GroupName",
    "InstanceProfileName",
    "OpenIDConnectProviderArn",
    "PolicyArn",
    "RoleArn",
    "RoleName",
    "SAMLProviderArn",
    "SerialNumber",
    "UserName",
)
"""Members that name something which may exist."""


@pytest.mark.parametrize(
    "operation",
    [
        operation
        for operation in WRITTEN
        if operation.name not in OPEN_TO_EVERYBODY | NAMES_NOTHING and operation.authenticate is Authenticate.SIGV4
    ],
    ids=lambda operation: f"{operation.service}:{operation.name}",
)
def test_a_denial_is_the_same_whether_or_not_the_resource_exists(
    shared_worlds: SharedWorlds, operation: Operation
) -> None:
    world = shared_worlds.of(operation)
    there = given(world, operation)
    nowhere = there | {name: _other(there[name]) for name in NAMES if name in there}
    upper = there | {
        name: there[name].upper() for name in NAMES if name in there and not name.endswith(("Arn", "SerialNumber"))
    }
    sentences = {_sentence(world, operation, asked) for asked in (there, nowhere, upper)}
    assert len(sentences) == 1


def _other(name: str) -> str:
    """A name of the same form that nothing has."""
    return f"{name[:-1]}{'X' if name[-1] != 'X' else 'Y'}"


def _sentence(world: World, operation: Operation, asked: dict[str, Any]) -> str:
    """What a user without any permission is told, the names that it gave left out."""
    stranger = world.user(f"stranger-{len(world.snapshot.accounts[world.account_id].of(User))}")
    with pytest.raises(ServiceError) as caught:
        world.call(stranger, operation.name, service=operation.service, **asked)
    assert caught.value.code == SERVICES[operation.service].code(Denied(""))
    sentence = caught.value.message.partition(" is not authorized ")[2]
    for name in NAMES:
        sentence = sentence.replace(asked.get(name, "/"), "/")
    return sentence


def test_a_further_check_is_not_made_for_whom_the_first_denies(world: World) -> None:
    def also(call: object, given: object, target: object, keys: object) -> NoReturn:
        pytest.fail("it would tell a stranger what exists")

    operation = Operation(
        service="iam",
        name="ListUsers",
        action="iam:ListUsers",
        writes=False,
        on=lambda call, given: Target(arn="*", account=world.account_id, found=()),
        also=(also,),
        context=(),
        body=lambda call, given: {},
    )
    stranger = world.principal(world.user("stranger"))
    outcome = world.installation.execution.read(operation, world.parsed(operation, stranger, {}))
    assert isinstance(outcome, Failed)
    assert not outcome.decided[-1].decision.allowed
