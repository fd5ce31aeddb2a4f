"""GetDelegatedAccessToken: credentials of the principal that accepted a delegation request, limited to the permissions
that it asked for.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from carnet.base.faults import Invalid, Refused
from carnet.entities.delegation_request import Approver, DelegationRequest, DelegationState
from carnet.identity.principals import ASSUMED_ROLE, DELEGATED, DELEGATED_ROLE, session_principal
from carnet.identity.trade_in_tokens import is_token_of, request_id_of
from carnet.keyring.packing import unpack
from carnet.keyring.session_claims import SessionClaims
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import issue

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetDelegatedAccessTokenRequestTypeDef

_INVALID = "The trade-in token is not valid."
_EXPIRED = "The trade-in token has expired."


@sts.read("GetDelegatedAccessToken", on=account_wide)
def get_delegated_access_token(call: Call, given: GetDelegatedAccessTokenRequestTypeDef) -> Answer:
    """Credentials of the approver, scoped down to the request's policy, until the delegation ends."""
    request = _request(call, given["TradeInToken"])
    if request.delegated_until <= call.now:
        raise Refused("ExpiredTradeInTokenException", _EXPIRED)
    claims = _claims(call, request)
    view = call.snapshot.open_account(claims.account)
    principal = None if view is None else session_principal(view, claims)
    if principal is None or claims.epoch != call.snapshot.epoch:
        raise Invalid(_INVALID)
    return {"Credentials": issue(call, claims)["Credentials"], "AssumedPrincipal": principal.arn}


def _request(call: Call, token: str) -> DelegationRequest:
    """The finalized request of the calling account that the token belongs to; raises Invalid."""
    request = call.snapshot.named(DelegationRequest, request_id_of(token))
    if request is None or request.requestor != call.account or request.state is not DelegationState.FINALIZED:
        raise Invalid(_INVALID)
    owner = call.snapshot.open_account(request.owner_account or "")
    if owner is None or owner.account.created > request.created:
        raise Invalid(_INVALID)
    if not is_token_of(call.parts.keyring, request, token):
        raise Invalid(_INVALID)
    return request


def _claims(call: Call, request: DelegationRequest) -> SessionClaims:
    """INVARIANT: if the approver's sessions from before some time are revoked, delegated sessions from before it end,
    too, however often the token is exchanged.
    """
    approver = request.approver
    if approver is None or request.owner_account is None:
        raise Invalid(_INVALID)
    accepted = _accepting_session(call, request, request.owner_account, approver)
    return replace(
        accepted,
        kind=DELEGATED_ROLE if accepted.kind == ASSUMED_ROLE else DELEGATED,
        scope_down=(*accepted.scope_down, request.policy),
        expires_ms=int(request.delegated_until.timestamp() * 1000),
        token_id=call.ids.uuid(),
    )


def _accepting_session(call: Call, request: DelegationRequest, account: str, approver: Approver) -> SessionClaims:
    """The session that accepted the request; if long-term credentials did, a session of their user or root user that
    began with the delegation.
    """
    if approver.session is None:
        return SessionClaims(
            kind=DELEGATED,
            account=account,
            principal_id=approver.id,
            issued_ms=int(request.updated.timestamp() * 1000),
            expires_ms=0,
            token_id="",
            epoch=call.snapshot.epoch,
        )
    claims = unpack(approver.session)
    if claims is None:
        raise Invalid(_INVALID)
    return claims
