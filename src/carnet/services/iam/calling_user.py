"""The caller's own user, which is meant where an operation is called without UserName."""

from __future__ import annotations

from carnet.base.faults import Invalid
from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.policy.request import PrincipalKind
from carnet.services.iam import sentences
from carnet.services.operation import Call


def calling_user(call: Call) -> User | Account:
    """The caller's user, or for the root user the account; raises Invalid for a session, which has no user."""
    principal = call.caller.principal
    if principal.kind is PrincipalKind.ROOT:
        return call.view.account
    user = call.view.of(User).get(principal.id) if principal.kind is PrincipalKind.USER else None
    if user is None:
        raise Invalid(sentences.USER_NAME_NEEDED)
    return user
