"""People of identity stores: an operator lets one set a password, which AWS has in its console alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn, without_token
from carnet.services.mailed_invitations import MAILING, set_up
from carnet.services.person_invitations import MailedLink, NewInvitation, WantedInvitation, invite, told
from carnet.services.preparing import Preparation

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
    made = _invite(call, None)
    return {**told(made), "token": made.token}


def mail_invitation(call: OwnWriteCall) -> Told:
    """Make the link good that the person has by mail now."""
    mailed: MailedLink = call.prepared
    return told(_invite(call, mailed))


def _mail_link(call: OwnCall, given: Inviting) -> MailedLink:
    expires = call.now + timedelta(hours=given.hours)
    mailer = set_up(call.parts.mailer)
    return mailer.mail(call.snapshot, account=call.named_account, user=given.user, expires=expires, now=call.now)


def _invite(call: OwnWriteCall, mailed: MailedLink | None) -> NewInvitation:
    given: Inviting = call.given
    wanted = WantedInvitation(
        account=call.named_account,
        user=given.user,
        lifetime=timedelta(hours=given.hours),
        remove_mfa=given.remove_mfa,
    )
    return invite(call.transaction, wanted, mailed)


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
        audited=without_token,
    ),
    Endpoint(
        name="MailInvitation",
        method="POST",
        path="accounts/{account}/identity-center/mailed-invitations",
        scope=OperatorScope.PEOPLE_RESET,
        resource=None,
        body=mail_invitation,
        turn=Turn.IN_TRANSACTION,
        given=Inviting,
        prepare=Preparation(pool=MAILING, work=_mail_link),
        status=201,
        audited=dict,
    ),
)
