"""Whether the policies for AWS Sign-In apply: to an account, or to all accounts of an organization.

https://docs.aws.amazon.com/signin/latest/APIReference/API_PutConsoleAuthorizationConfiguration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Missing, Refused
from carnet.entities.console_authorization import ConsoleAuthorization
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.signin import refusals
from carnet.services.signin.service import signin

Given = Mapping[str, Any]


@signin.write("PutConsoleAuthorizationConfiguration", on=account_wide)
def put_console_authorization_configuration(call: WriteCall, given: Given) -> Answer:
    """Apply the policies from now on."""
    target = _target_id(call, given)
    if _find_authorization(call, target) is None:
        call.store.add(ConsoleAuthorization(id=target, account=call.account, enabled=call.now))
    return _authorization_members(target, enabled=True)


@signin.read("GetConsoleAuthorizationConfiguration", on=account_wide)
def get_console_authorization_configuration(call: Call, given: Given) -> Answer:
    """Whether the policies apply."""
    target = _target_id(call, given)
    return _authorization_members(target, enabled=_find_authorization(call, target) is not None)


@signin.write("DeleteConsoleAuthorizationConfiguration", on=account_wide)
def delete_console_authorization_configuration(call: WriteCall, given: Given) -> Answer:
    """Stop applying the policies. Raises Missing if they do not apply."""
    target = _target_id(call, given)
    found = _find_authorization(call, target)
    if found is None:
        raise Missing(f"Console authorization is not enabled for {target}.", {"error": "RESOURCE_NOT_FOUND"})
    call.store.remove(found)
    return _authorization_members(target, enabled=False)


def _find_authorization(call: Call, target: str) -> ConsoleAuthorization | None:
    return call.view.of(ConsoleAuthorization).get(target)


def _target_id(call: Call, given: Given) -> str:
    """The caller's account, or, for the management account, its organization. Raises Refused for every other."""
    asked: str = given.get("targetId") or call.account
    if asked == call.account or asked == _organization(call):
        return asked
    raise _not_allowed(asked)


def _organization(call: Call) -> str | None:
    view = call.snapshot.organization_of(call.account)
    return view.scope.id if view is not None and view.organization.management == call.account else None


def _not_allowed(asked: str) -> Refused:
    return refusals.not_allowed(
        f"{asked} is neither this account nor an organization of which this is the management account."
    )


def _authorization_members(target: str, *, enabled: bool) -> Answer:
    scope = "ORGANIZATION" if target.startswith("o-") else "ACCOUNT"
    return {"targetId": target, "scope": scope, "consoleAuthorizationEnabled": enabled}
