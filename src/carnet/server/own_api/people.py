"""People of identity stores: an operator lets one set a password, which AWS has in its console alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnWriteCall, Told, Turn
from carnet.services.person_invitations import invite, told

LONGEST_HOURS, USUAL_HOURS = 168, 24


class Inviting(Input, frozen=True, kw_only=True):
    """Who is to set a password, and how."""

    user: Annotated[str, Meta(min_length=1, max_length=128)]
    """A user name, or the id of a user."""
    hours: Annotated[int, Meta(ge=1, le=LONGEST_HOURS)] = USUAL_HOURS
    """How long the link is good."""
    remove_mfa: bool = False


def invite_person(call: OwnWriteCall) -> Told:
    """Make a token by which a person's password is set once. It is shown this once."""
    given: Inviting = call.given
    made = invite(
        call.store,
        call.snapshot,
        call.parts.ids,
        account=call.named_account,
        user=given.user,
        lifetime=timedelta(hours=given.hours),
        remove_mfa=given.remove_mfa,
        now=call.now,
    )
    return {**told(made), "token": made.token}


def _without_token(answer: Told) -> Told:
    return {name: value for name, value in answer.items() if name != "token"}


ENDPOINTS = (
    Endpoint(
        name="InvitePerson",
        method="POST",
        path="accounts/{account}/identity-center/invitations",
        scope=OperatorScope.PEOPLE_RESET,
        resource=None,
        body=invite_person,
        turn=Turn.IN_TRANSACTION,
        given=Inviting,
        status=201,
        audited=_without_token,
    ),
)
