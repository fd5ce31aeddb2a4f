"""The sessions that may not call IAM, whatever the policies allow.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from __future__ import annotations

from carnet.base.faults import Refused
from carnet.identity.principals import (
    ASSUMED_ROLE,
    ASSUMED_ROOT,
    DELEGATED,
    DELEGATED_ROLE,
    FEDERATED_USER,
    SIGN_IN,
)
from carnet.keyring.session_claims import SessionClaims


def refuse_session(session: SessionClaims, operation: str) -> None:
    """Raise Refused for a federated user, and for credentials of GetSessionToken without MFA."""
    if session.kind in (ASSUMED_ROLE, ASSUMED_ROOT, DELEGATED, DELEGATED_ROLE, SIGN_IN):
        return
    if session.kind == FEDERATED_USER or session.mfa_ms is None:
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid")
