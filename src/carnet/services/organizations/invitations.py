"""Invitations of accounts into an organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_invites.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.base.faults import Fault, Invalid, Unavailable
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import OrganizationView
from carnet.entities.account import is_account_email, is_account_id
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.services.membership import admit, may_make_linked_role
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organization_events import Departure
from carnet.services.organizations import handshake_sentences, sentences, targets
from carnet.services.organizations.all_features import is_being_enabled
from carnet.services.organizations.callers import asked, management_account
from carnet.services.organizations.departures import leave
from carnet.services.organizations.handshake_parts import (
    forget_old,
    moved_on,
    of_organization,
    places_taken,
    sender_of,
    shown,
)
from carnet.services.organizations.quotas import quotas_of
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import tags_of
from carnet.services.request_tags import request_tags, tagged_on_creation
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import HandshakePartyTypeDef, InviteAccountToOrganizationRequestTypeDef

_DAY = timedelta(days=1)


def invited(call: Call, given: Any) -> Target[OrganizationView]:
    """The account as the organization would have it; one that is invited by its email address has no ARN yet."""
    view = asked(call, management_account)
    named = given["Target"]["Id"] if given["Target"]["Type"] == "ACCOUNT" else "*"
    found = view if isinstance(view, Fault) else (view,)
    return Target(arn=targets.would_be_arn(call, named), account=call.account, found=found)


@organizations.write(
    "InviteAccountToOrganization",
    on=invited,
    also=(tagged_on_creation("organizations:TagResource"),),
    context=(request_tags,),
)
def invite_account_to_organization(
    call: WriteCall, given: InviteAccountToOrganizationRequestTypeDef, view: OrganizationView
) -> Answer:
    """Ask another account of this installation to join, for 15 days. It may be a member of another organization."""
    email = given["Target"]["Id"] if given["Target"]["Type"] == "EMAIL" else None
    tags = tags_of(call, given, "account")
    account = invited_account(call, given["Target"])
    ensure_may_join(call, view, account)
    sent = of_organization(call.snapshot, view.scope.id)
    _ensure_room(call, view, sent, account)
    invitation = Handshake(
        id=call.ids.organizations("h", 32),
        organization=view.scope.id,
        action=HandshakeAction.INVITE,
        account=account.account.id,
        email=email,
        notes=given.get("Notes"),
        tags=tags,
        state=HandshakeState.OPEN,
        requested=call.now,
        expires=call.now + HandshakeAction.INVITE.lasts,
        changed=call.now,
    )
    forget_old(call, sent)
    call.store.add(invitation)
    return {"Handshake": shown(call, invitation)}


def may_join(call: Call, given: Any, target: Target[Handshake], keys: Keys) -> Iterator[Check]:
    """Joining makes the service-linked role in the account, and takes it out of the organization that it is in.

    What denies organizations:LeaveOrganization holds a member, whichever way it would go.
    """
    if isinstance(target.found, Fault) or target.found[0].action is not HandshakeAction.INVITE:
        return
    if call.view.membership is not None:
        yield Check(action="organizations:LeaveOrganization", resource="*", resource_account=call.account)
    yield from may_make_linked_role(call, given, target, keys)


def accept_invitation(call: WriteCall, handshake: Handshake) -> Handshake:
    """Join. A member of another organization leaves that one at once. Raises a Fault if that is not possible."""
    accepted = moved_on(call, handshake, HandshakeState.ACCEPTED)
    view = sender_of(call.snapshot, handshake)
    ensure_may_join(call, view, call.view)
    if len(view.of(OrganizationAccount)) >= quotas_of(call, view.organization).organization_accounts:
        raise handshake_sentences.constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", sentences.ACCOUNTS_FULL)
    _leave_former(call)
    place = OrganizationAccount(
        id=call.account,
        organization=view.scope.id,
        parent=view.root.id,
        joined_method=JoinedMethod.INVITED,
        joined=call.now,
        tags=handshake.tags,
    )
    admit(call.store, call.ids, call.view.account, place, view.organization, call.view)
    return accepted


def _leave_former(call: WriteCall) -> None:
    """Take the account out of its present organization, if any. Raises a Fault if it has to stay there."""
    if call.view.membership is None:
        return
    former = call.snapshot.organization_of(call.account)
    if former is None:
        raise Unavailable(f"The organization of the account {call.account} cannot be read.")
    leave(call, former, former.of(OrganizationAccount).by_id[call.account], Departure.LEFT)


def ensure_may_join(call: Call, view: OrganizationView, account: AccountView) -> None:
    """Raises Refused if an account cannot become a member of an organization."""
    if account.membership is not None and account.membership.organization == view.scope.id:
        raise handshake_sentences.constraint("ALREADY_IN_AN_ORGANIZATION", handshake_sentences.IN_AN_ORGANIZATION)
    if account.account.partition != view.organization.partition:
        raise handshake_sentences.constraint(
            "ORGANIZATION_FROM_DIFFERENT_SELLER_OF_RECORD", handshake_sentences.OTHER_PARTITION
        )
    if is_being_enabled(call, view):
        reason = "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
        raise handshake_sentences.constraint(reason, handshake_sentences.NO_INVITATIONS)


def invited_account(call: Call, target: HandshakePartyTypeDef) -> AccountView:
    """The account that is meant. Raises Invalid if there is none, or if several have the email address.

    INVARIANT: whoever accepts is the account that was meant when the invitation was sent: nobody here verifies that
    an email address is an account's own, and a member is within what policies say of the organization.
    """
    kind, named = target["Type"], target["Id"]
    if kind == "ACCOUNT":
        if not is_account_id(named):
            raise sentences.invalid("INVALID_PATTERN", sentences.NO_PATTERN)
        found = call.snapshot.account(named)
        if found is None:
            raise sentences.invalid("INVALID_PATTERN_TARGET_ID", handshake_sentences.TARGET_UNKNOWN)
        return found
    if kind != "EMAIL":
        raise sentences.invalid("INVALID_PARTY_TYPE_TARGET", sentences.PARTY_TYPE)
    if not is_account_email(named):
        raise sentences.invalid("INVALID_EMAIL_ADDRESS_TARGET", handshake_sentences.NO_EMAIL_ADDRESS)
    with_it = call.snapshot.with_email(named)
    if len(with_it) != 1:
        raise _no_such_email(len(with_it))
    return with_it[0]


def _no_such_email(count: int) -> Invalid:
    sentence = handshake_sentences.TARGET_UNKNOWN if count == 0 else handshake_sentences.EMAIL_AMBIGUOUS
    return sentences.invalid("INVALID_EMAIL_ADDRESS_TARGET", sentence)


def _ensure_room(call: Call, view: OrganizationView, sent: tuple[Handshake, ...], account: AccountView) -> None:
    """Raises Refused for a second invitation of an account, or for more invitations than there may be."""
    of_account = [one for one in sent if one.action is HandshakeAction.INVITE and one.account == account.account.id]
    if any(one.is_pending_at(call.now) for one in of_account):
        raise handshake_sentences.exists()
    if places_taken(call, view) >= quotas_of(call, view.organization).organization_accounts:
        raise handshake_sentences.constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", sentences.ACCOUNTS_FULL)
    ensure_not_too_many(call, sent)


def ensure_not_too_many(call: Call, sent: tuple[Handshake, ...]) -> None:
    """Raises Refused if an organization has invited as many as it may in a day."""
    unanswered = [one for one in sent if one.is_invitation and one.state is not HandshakeState.ACCEPTED]
    if sum(1 for one in unanswered if one.requested > call.now - _DAY) >= quotas_of(call).invitations_per_day:
        raise handshake_sentences.constraint("HANDSHAKE_RATE_LIMIT_EXCEEDED", handshake_sentences.TOO_MANY_INVITATIONS)
