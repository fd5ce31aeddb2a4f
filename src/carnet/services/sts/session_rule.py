"""Which operations of STS a session may not call, whatever the policies say.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetScopedCredentials.html
"""

from __future__ import annotations

from carnet.base.faults import Denied
from carnet.identity.principals import ASSUMED_ROLE, ASSUMED_ROOT, FEDERATED_USER, SESSION_TOKEN, SIGN_IN
from carnet.keyring.session_claims import SessionClaims

_OF_SESSION_TOKEN = frozenset(
    ("AssumeRole", "GetCallerIdentity", "GetScopedCredentials", "GetWebIdentityToken", "GetDelegatedAccessToken")
)
_OF_FEDERATED_USER = frozenset(("GetCallerIdentity", "GetScopedCredentials"))
_TOLD = {
    (FEDERATED_USER, "GetWebIdentityToken"): "GetWebIdentityToken does not support federated user sessions",
}
"""Refusals for which AWS has special sentences."""
_NOT_OF_ROLE = frozenset(("GetSessionToken", "GetFederationToken"))


def refuse_session(session: SessionClaims, operation: str) -> None:
    """Raise Denied if a session of that kind may not call the operation."""
    if not _may_call(session, operation):
        raise Denied(_TOLD.get((session.kind, operation), f"Cannot call {operation} with session credentials"))


def may_have_roles(session: SessionClaims) -> bool:
    """Whether the kind of session lets it have sessions of roles, which may do more than it, and longer."""
    return _may_call(session, "AssumeRole")


def _may_call(session: SessionClaims, operation: str) -> bool:
    if session.kind in (ASSUMED_ROLE, SIGN_IN):
        return operation not in _NOT_OF_ROLE
    if session.kind == ASSUMED_ROOT:
        return operation == "GetCallerIdentity"
    if session.kind == SESSION_TOKEN:
        return operation in _OF_SESSION_TOKEN
    return operation in _OF_FEDERATED_USER
