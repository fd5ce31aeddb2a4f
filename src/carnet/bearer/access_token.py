"""The one place where a caller becomes a Bearer: whoever holds an access token of IAM Identity Center.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_ListAccounts.html
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from carnet.base.http import HttpRequest
from carnet.directory.directory import Directory
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import BEARER_AUTHENTICATOR, Bearer
from carnet.identity.oauth_tokens import AccessToken, opened, user_of
from carnet.keyring.keyring import Keyring
from carnet.models.service import BEARER_HEADER


def verify(request: HttpRequest, *, service: str, now: datetime, directory: Directory, keyring: Keyring) -> Bearer:
    """Whom the token in the header stands for. Raises AuthFailure for a token that is none, over or taken back.

    INVARIANT: the header alone counts, which no log of requests shows; a token elsewhere is none.
    """
    given = request.header_all(BEARER_HEADER)
    token = opened(keyring, AccessToken, given[0]) if len(given) == 1 else None
    if token is None or not token.issued_ms <= now.timestamp() * 1000 + _AHEAD_MS or _is_over(token, now):
        raise _not_good()
    snapshot = directory.snapshot
    user = user_of(snapshot, token)
    if user is None:
        raise _not_good()
    return Bearer(BEARER_AUTHENTICATOR, user=user, find=partial(user_of, token=token))


_AHEAD_MS = 300_000
"""How far the clock of the node that made a token may be ahead of this one's."""


def _is_over(token: AccessToken, now: datetime) -> bool:
    return now.timestamp() * 1000 >= token.expires_ms


def _not_good() -> AuthFailure:
    """What is raised for a token that is not, or no longer, good; which of these it is, nobody is told."""
    return AuthFailure("UnauthorizedException", "Session token not found or invalid")
