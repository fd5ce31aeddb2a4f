"""GetSessionToken.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.identity.principals import SESSION_TOKEN
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PrincipalKind
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.mfa import MFA_CODE, mfa_ms
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import issue

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetSessionTokenRequestTypeDef

_DEFAULT_SECONDS = 43_200
_MOST_ROOT_SECONDS = 3600


@sts.read("GetSessionToken", on=account_wide, prepare=MFA_CODE)
def get_session_token(call: Call, given: GetSessionTokenRequestTypeDef) -> Answer:
    """Give out temporary credentials of the calling user, or of the root user for an hour at most."""
    principal = call.caller.principal
    seconds = given.get("DurationSeconds", _DEFAULT_SECONDS)
    if principal.kind is PrincipalKind.ROOT:
        seconds = min(seconds, _MOST_ROOT_SECONDS)
    claims = SessionClaims(
        kind=SESSION_TOKEN,
        account=principal.account,
        principal_id=principal.id,
        issued_ms=call.now_ms,
        expires_ms=call.now_ms + 1000 * seconds,
        token_id=call.ids.uuid(),
        mfa_ms=mfa_ms(call, given),
        epoch=call.snapshot.epoch,
    )
    return issue(call, claims)
