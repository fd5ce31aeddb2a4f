"""No event shows what is expected to be a credential, whatever the operation, however deep it stands in the input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import Shape

from carnet import models
from carnet.audit.events import failure_event, success_event
from carnet.audit.json_line import line_of
from carnet.audit.redaction import HIDDEN, without_secrets
from carnet.identity.caller import Anonymous
from carnet.protocols.errors import WireError
from carnet.protocols.validate import validate
from carnet.services.registry import SERVICES
from tests.services.inputs import WRITTEN
from tests.services.world import World, open_world

CANARY = "canary/Kq7Zm3Xw9RtYb2Nv5Lc8Hs4Jd6Pf+AB01"
"""As long as the secret of an access key, and of its letters."""
CREDENTIAL = re.compile(
    r"secret|password|privatekey|assertion$|accesskeyid|tokencode|authenticationcode|identitytoken|subjecttoken"
    r"|(session|access|refresh|id|actor|tradein)token$|^(device|user)?code$|codeverifier|^authorizationcode$|identitycontext",
    re.IGNORECASE,
)
NONE = frozenset(
    (
        "PasswordLastUsed",
        "PasswordResetRequired",
        "PasswordReusePrevention",
        "AllowUsersToChangePassword",
        "MinimumPasswordLength",
        "MaxPasswordAge",
        "AddPrivateKey",  # hidden all the same: what it is called by when it is removed is not
        "RemovePrivateKey",
        "AssertionEncryptionMode",
        "subjectTokenType",
    )
)
"""Members that are called like credentials and are none."""
Path = tuple[str, ...]


def credentials(shape: Shape | None, path: Path = (), above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Where in values of a shape credentials stand that are texts; `` stands for an element of a list."""
    if shape is None or shape.name in above:
        return
    within: Any = shape
    if shape.type_name == "structure":
        for name, member in within.members.items():
            secret = member.metadata.get("sensitive") or CREDENTIAL.search(name)
            if member.type_name == "string" and secret and name not in NONE:
                yield (*path, name)
            yield from credentials(member, (*path, name), (*above, shape.name))
    if shape.type_name == "list":
        yield from credentials(within.member, (*path, ""), (*above, shape.name))


def holding(path: Path) -> Any:
    """A value with the canary at its place."""
    if not path:
        return CANARY
    return [holding(path[1:])] if path[0] == "" else {path[0]: holding(path[1:])}


INPUTS = [(each, path) for each in WRITTEN for path in credentials(models.operation(each.service, each.name).input)]
OUTPUTS = [(each, path) for each in WRITTEN for path in credentials(models.operation(each.service, each.name).output)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_the_walk_finds_credentials_in_many_operations() -> None:
    assert len(INPUTS) > 60
    assert len(OUTPUTS) > 30


def test_no_event_of_an_input_shows_one(world: World) -> None:
    leaked = set[str]()
    for operation, path in INPUTS:
        parsed = world.parsed(operation, Anonymous(), holding(path))
        messages = [f"The value {CANARY} is wrong."]
        try:
            validate(parsed.authenticated.routed.operation, parsed.given, SERVICES[operation.service].voice)
        except WireError as refused:
            messages.append(refused.message)
        lines = [line_of(failure_event(parsed, "ValidationError", message, [])) for message in messages]
        lines.append(line_of(success_event(parsed, {}, [])))
        if any(CANARY.encode() in line or CANARY.replace("/", "\\/").encode() in line for line in lines):
            leaked.add(f"{operation.service}:{operation.name} {'.'.join(path)}")
    assert leaked == set()


def test_who_gives_more_secrets_than_anybody_has_gets_no_message() -> None:
    operation = models.operation("sts", "AssumeRole")

    def told(contexts: int) -> str:
        given = {"ProvidedContexts": [{"ContextAssertion": f"{CANARY}{number}"} for number in range(contexts)]}
        return without_secrets(operation, given, f"It is {CANARY}7.")

    assert told(100) == f"It is {HIDDEN}."
    assert told(101) == HIDDEN


def test_no_event_of_an_answer_shows_one(world: World) -> None:
    leaked = set[str]()
    for operation, path in OUTPUTS:
        parsed = world.parsed(operation, Anonymous(), {})
        if CANARY.encode() in line_of(success_event(parsed, holding(path), [])):
            leaked.add(f"{operation.service}:{operation.name} {'.'.join(path)}")
    assert leaked == set()
