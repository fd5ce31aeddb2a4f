"""IAM Identity Center, as far as AWS has it in its console alone."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnWriteCall, Told, Turn
from carnet.services.identity_center import enable_identity_center, told

_USUAL_REGION = "us-east-1"


class Enabling(Input, frozen=True, kw_only=True):
    """Where the instance is, as AWS has instances in a Region."""

    region: Annotated[str, Meta(max_length=64)] = _USUAL_REGION


def enable(call: OwnWriteCall) -> Told:
    """Make the instance of the organization that an account manages, or of a stand-alone account."""
    given: Enabling = call.given
    return told(enable_identity_center(call.transaction, account=call.named_account, region=given.region))


ENDPOINTS = (
    Endpoint(
        name="EnableIdentityCenter",
        method="POST",
        path="accounts/{account}/identity-center",
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=enable,
        turn=Turn.IN_TRANSACTION,
        given=Enabling,
        status=201,
        audited=dict,
    ),
)
