"""The one place where a caller becomes an OperatorCaller.

https://www.rfc-editor.org/rfc/rfc6750#section-2.1
"""

from __future__ import annotations

from datetime import datetime

from carnet.base.http import RequestHead
from carnet.directory.snapshot import Snapshot
from carnet.entities.operator_token import OperatorToken, token_digest
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import OPERATOR_AUTHENTICATOR, OperatorCaller

_SCHEME = "bearer"
_AUTHORIZATION = "authorization"


def bears_token(request: RequestHead) -> bool:
    """Whether a request means to prove itself by a token, be it good or not."""
    return any(value.partition(" ")[0].lower() == _SCHEME for value in request.header_all(_AUTHORIZATION))


def verify(request: RequestHead, *, snapshot: Snapshot, now: datetime) -> OperatorCaller:
    """The operator whose token a request bears. Raises AuthFailure for a token that is none, expired or revoked.

    A wrong token costs one hash. INVARIANT: tokens are found by their digests, so how long that takes tells nothing of
    those that are there: nobody can choose the digest of a guess.
    """
    presented = request.header_all(_AUTHORIZATION)
    digest = token_digest(presented[0].partition(" ")[2].strip()) if len(presented) == 1 else None
    token = snapshot.named(OperatorToken, digest) if digest is not None else None
    if token is None or not token.is_good(now):
        raise not_good()
    return OperatorCaller(OPERATOR_AUTHENTICATOR, token=token)


def not_good() -> AuthFailure:
    """What is raised for a token that is not, or no longer, good; which of these it is, nobody is told."""
    return AuthFailure("InvalidToken", "There is no such operator token, or it has expired or was revoked.")
