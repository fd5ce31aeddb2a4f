"""The tokens of delegation requests, for the accounts that made the requests.

On AWS a topic of SNS brings the token to whoever asked. Here the requestor fetches it, which no AWS API is for.
"""

from __future__ import annotations

from carnet.base.faults import Missing
from carnet.entities.delegation_request import DelegationRequest, DelegationState
from carnet.identity.trade_in_tokens import trade_in_token
from carnet.server.own_api.endpoint import Endpoint, OwnCall, Told


def get_delegation_token(call: OwnCall) -> Told:
    """A trade-in token of a request whose token was sent and whose time is not over."""
    request = call.snapshot.named(DelegationRequest, call.path["id"])
    if (
        request is None
        or request.requestor != call.account
        or request.state is not DelegationState.FINALIZED
        or request.delegated_until <= call.now
    ):
        raise Missing(f"There is no token of a delegation request {call.path['id']}.")
    return {
        "delegationRequestId": request.id,
        "tradeInToken": trade_in_token(call.parts.keyring, request),
        "expires": request.delegated_until.isoformat(),
    }


ENDPOINTS = (
    Endpoint(
        name="GetDelegationToken",
        method="GET",
        path="delegation-tokens/{id}",
        scope=None,
        resource="delegation-token/{id}",
        body=get_delegation_token,
    ),
)
