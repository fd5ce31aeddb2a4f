"""Trade-in tokens, which the requestor of a delegation exchanges for credentials.

They are sealed and need not be stored: `<id of the request>.<base64url of the sealed proof>`.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
"""

from __future__ import annotations

import base64
import binascii

from carnet.entities.delegation_request import DelegationRequest
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext

_PROOF = b"trade-in"


def trade_in_token(keyring: Keyring, request: DelegationRequest) -> str:
    """A token of a finalized request."""
    sealed = keyring.seal(_PROOF, context=_context(request))
    return f"{request.id}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"


def request_id_of(token: str) -> str:
    """The id of the request that a token says it is of."""
    return token.partition(".")[0]


def is_token_of(keyring: Keyring, request: DelegationRequest, token: str) -> bool:
    """Whether a token was made here for the request."""
    try:
        sealed = base64.b64decode(token.partition(".")[2].encode("ascii"), altchars=b"-_", validate=True)
        return keyring.open(sealed, context=_context(request)) == _PROOF
    except (Unsealable, binascii.Error, UnicodeEncodeError):
        return False


def _context(request: DelegationRequest) -> SealContext:
    finalized = str(request.updated.timestamp())
    return SealContext(
        table="delegation_requests",
        column="token",
        account=request.requestor,
        key=request.id,
        owner=finalized,
        purpose=Purpose.AUTHORIZATION_MESSAGES,
    )
