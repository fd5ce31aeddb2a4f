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
"""Refusals that AWS has sentences of their own for."""
_NOT_OF_ROLE = frozenset(("GetSessionToken", "GetFederationToken"))


def refuse_session(session: SessionClaims, operation: str) -> None:
    """Raise Denied if the kind of session rules the operation out."""
    if session.kind in (ASSUMED_ROLE, SIGN_IN):
        allowed = operation not in _NOT_OF_ROLE
    elif session.kind == ASSUMED_ROOT:
        allowed = operation == "GetCallerIdentity"
    elif session.kind == SESSION_TOKEN:
        allowed = operation in _OF_SESSION_TOKEN
    else:
        allowed = operation in _OF_FEDERATED_USER
    if not allowed:
        raise Denied(_TOLD.get((session.kind, operation), f"Cannot call {operation} with session credentials"))
