"""Who may do everything in one account changes nothing in another, and learns nothing of what exists there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from carnet.directory.identity_center import own_instance
from carnet.identity.authenticate import Authenticate
from carnet.services.identity_center import enable_here
from carnet.services.operation import Operation
from tests.services.inputs import WRITTEN, SharedWorlds, given
from tests.services.world import Caller, ServiceError, World

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PREFIXED = r"(?:o|r|ou|p|h|rt|d|apl|ssoins|ps|tti|sae|ssoins)-[0-9a-z-]*[0-9a-z]{4,}"
_UNIQUE = r"\b[A-Z][A-Z0-9]{15,}\b"
_NUMBER = r"\b[0-9]{12}\b"
_ID = re.compile("|".join((_UUID, rf"\b{_PREFIXED}", _UNIQUE, _NUMBER)), re.ASCII)
"""What is made up for things of an account, by which another account could name them."""


_BEYOND = "authorized: `given` has no further members"
_OF_AN_INSTANCE = frozenset(("identitystore", "sso-admin", "sso-oidc"))
_OF_AN_ORGANIZATION = _OF_AN_INSTANCE | {"organizations"}
_OF_ITS_OWN = frozenset(("InstanceArn", "IdentityStoreId"))
_TELLS_ACCOUNTS = frozenset(
    ("organizations", name)
    for name in ("InviteAccountToOrganization", "InviteOrganizationToTransferResponsibility", "PutResourcePolicy")
)
"""They tell, as those of AWS do, whether there is an account of that id."""
_NOT_WHOLE = frozenset(
    (("iam", "CreateSAMLProvider"), ("identitystore", "CreateUser"), ("sso-admin", "CreatePermissionSet"))
)
"""Operations that name nothing of an account but its instance, and need more than `given` has."""


@pytest.mark.parametrize(
    "operation",
    [
        one
        for one in WRITTEN
        if one.authenticate is Authenticate.SIGV4 and (one.service, one.name) not in _TELLS_ACCOUNTS | _NOT_WHOLE
    ],
    ids=lambda operation: f"{operation.service}:{operation.name}",
)
def test_what_another_account_has_is_as_if_it_were_not_there(shared_worlds: SharedWorlds, operation: Operation) -> None:
    world = shared_worlds.of(operation)
    there = given(world, operation)
    nowhere = _changed(there, _other)
    if there == nowhere:
        return
    assert _told(world, operation, there) == _told(world, operation, nowhere)
    if not _OF_ITS_OWN.isdisjoint(there):
        assert _told(world, operation, there, mixed=True) == _told(world, operation, nowhere, mixed=True)


def _told(world: World, operation: Operation, asked: Mapping[str, Any], *, mixed: bool = False) -> object:
    """What the root user of a further account is told, ids left out, while nothing of other accounts changes.

    With `mixed` it names its own instance, and what another account has in another one.
    """
    stranger = _stranger(world, operation)
    if mixed:
        asked = {**asked, **_own(world, stranger, asked)}
    before = _others(world, stranger)
    told: object
    try:
        told = world.call(stranger, operation.name, service=operation.service, **asked)
    except KeyError:
        told = _BEYOND
    except ServiceError as problem:
        told = [problem.code, problem.message, problem.members]
    assert _others(world, stranger) == before
    return _changed(told, lambda _: "ID")


def _stranger(world: World, operation: Operation) -> Caller:
    """A root user, with an organization and an instance of its own if the operation is about such."""
    stranger, installation = world.account(), world.installation
    if operation.service in _OF_AN_ORGANIZATION and operation.name != "CreateOrganization":
        world.call(stranger, "CreateOrganization", service="organizations")
    if operation.service in _OF_AN_INSTANCE:
        account = world.principal(stranger).principal.account
        enable_here(installation.operator_call(), account=account, region="us-east-1")
        installation.directory.catch_up()
    return stranger


def _own(world: World, stranger: Caller, asked: Mapping[str, Any]) -> dict[str, str]:
    """Those of its own things that the input names."""
    instance = own_instance(world.snapshot.accounts[world.principal(stranger).principal.account])
    assert instance is not None
    own = {"InstanceArn": instance.arn, "IdentityStoreId": instance.identity_store}
    return {name: own[name] for name in _OF_ITS_OWN if name in asked}


def _others(world: World, but: Caller) -> dict[str, tuple[int, int]]:
    """All other accounts and their organizations, by what changes with each of their rows."""
    snapshot, own = world.snapshot, world.principal(but).principal.account
    others = {account: view for account, view in snapshot.accounts.items() if account != own}
    return {one: (id(view), id(snapshot.organization_of(one))) for one, view in others.items()}


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    """The same with its ids changed."""
    if isinstance(value, str):
        return _ID.sub(lambda found: change(found[0]), value)
    if isinstance(value, Mapping):
        return {_changed(name, change): _changed(each, change) for name, each in value.items()}
    return [_changed(each, change) for each in value] if isinstance(value, list | tuple) else value


def _other(name: str) -> str:
    """An id of the same form that nothing has. The form may be base32, which ends with 7, as well as base36."""
    last = name[-1]
    return name[:-1] + {"7": "6", "9": "8", "z": "y", "Z": "Y", "f": "e"}.get(last, chr(ord(last) + 1))
