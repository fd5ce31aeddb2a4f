"""What sessions may not call, whatever the policies say.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from enum import StrEnum

from carnet.base.faults import Denied, Refused
from carnet.identity.credential import Credential
from carnet.identity.principals import ASSUMED_ROLE, FEDERATED_USER, SESSION_TOKEN


class SessionLifetime(StrEnum):
    """How long a session lives that was made with a session."""

    AWS = "aws"
    """As AWS has it: up to its own hour, whatever is left of its parent."""
    PARENT = "parent"
    """No longer than its parent."""


_STS_OF_SESSION_TOKEN = frozenset(("AssumeRole", "GetCallerIdentity"))
_STS_OF_FEDERATED_USER = frozenset(("GetCallerIdentity",))
_STS_REFUSED_TO_ROLES = frozenset(("GetSessionToken", "GetFederationToken"))


def check_session_limits(credential: Credential, service: str, operation: str) -> None:
    """Raise Denied or Refused where the kind of session rules the call out."""
    session = credential.session
    if session is None:
        return
    if session.kind == ASSUMED_ROLE:
        if service == "sts" and operation in _STS_REFUSED_TO_ROLES:
            raise Denied(f"Cannot call {operation} with session credentials")
    elif service == "iam":
        if session.kind == FEDERATED_USER or session.mfa_ms is None:
            raise Refused("InvalidClientTokenId", "The security token included in the request is invalid")
    elif service == "sts":
        allowed = _STS_OF_SESSION_TOKEN if session.kind == SESSION_TOKEN else _STS_OF_FEDERATED_USER
        if operation not in allowed:
            raise Denied(f"Cannot call {operation} with session credentials")
