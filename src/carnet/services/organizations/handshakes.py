"""Handshakes of every kind: who sees them, and who responds.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Handshake.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from carnet.directory.organization_view import OrganizationView
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.responsibility_transfer import TransferStatus
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.organizations import handshake_sentences, sentences, targets
from carnet.services.organizations.all_features import approve, cancel_approvals, confirm
from carnet.services.organizations.callers import administrator
from carnet.services.organizations.handshake_parts import any_party, moved_on, of_organization, recipient, sender, shown
from carnet.services.organizations.invitations import accept_invitation, may_join
from carnet.services.organizations.service import organizations
from carnet.services.organizations.transfer_invitations import accept_transfer, answer_transfer
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        AcceptHandshakeRequestTypeDef,
        CancelHandshakeRequestTypeDef,
        DeclineHandshakeRequestTypeDef,
        DescribeHandshakeRequestTypeDef,
        ListHandshakesForAccountRequestTypeDef,
        ListHandshakesForOrganizationRequestTypeDef,
    )

_ACCEPT: Mapping[HandshakeAction, Callable[[WriteCall, Handshake], Handshake]] = {
    HandshakeAction.INVITE: accept_invitation,
    HandshakeAction.ENABLE_ALL_FEATURES: confirm,
    HandshakeAction.APPROVE_ALL_FEATURES: approve,
    HandshakeAction.TRANSFER_RESPONSIBILITY: accept_transfer,
}


@organizations.write("AcceptHandshake", on=recipient, also=(may_join,))
def accept_handshake(call: WriteCall, given: AcceptHandshakeRequestTypeDef, handshake: Handshake) -> Answer:
    """Accept, and carry out the requested action at once."""
    accepted = _ACCEPT[handshake.action](call, handshake)
    call.store.save(accepted)
    return {"Handshake": shown(call, accepted)}


@organizations.write("DeclineHandshake", on=recipient)
def decline_handshake(call: WriteCall, given: DeclineHandshakeRequestTypeDef, handshake: Handshake) -> Answer:
    """Decline. An organization cancels its own requests to itself instead."""
    if handshake.action is HandshakeAction.ENABLE_ALL_FEATURES:
        raise handshake_sentences.transition()
    declined = moved_on(call, handshake, HandshakeState.DECLINED)
    call.store.save(declined)
    answer_transfer(call, handshake, TransferStatus.DECLINED)
    return {"Handshake": shown(call, declined)}


@organizations.write("CancelHandshake", on=sender)
def cancel_handshake(call: WriteCall, given: CancelHandshakeRequestTypeDef, handshake: Handshake) -> Answer:
    """Cancel a handshake."""
    canceled = moved_on(call, handshake, HandshakeState.CANCELED)
    call.store.save(canceled)
    answer_transfer(call, handshake, TransferStatus.CANCELED)
    cancel_approvals(call, handshake)
    return {"Handshake": shown(call, canceled)}


@organizations.read("DescribeHandshake", on=any_party)
def describe_handshake(call: Call, given: DescribeHandshakeRequestTypeDef, handshake: Handshake) -> Answer:
    """A handshake, for either side."""
    return {"Handshake": shown(call, handshake)}


@organizations.read("ListHandshakesForAccount", on=account_wide)
def list_handshakes_for_account(call: Call, given: ListHandshakesForAccountRequestTypeDef) -> Answer:
    """The handshakes sent to the caller's account, by id; the account need not be in an organization."""
    received = call.snapshot.installation.of(Handshake).referring("account", call.account)
    return _list_handshakes(call, "ListHandshakesForAccount", received, given)


@organizations.read("ListHandshakesForOrganization", on=targets.organization(administrator))
def list_handshakes_for_organization(
    call: Call, given: ListHandshakesForOrganizationRequestTypeDef, view: OrganizationView
) -> Answer:
    """The handshakes that the organization has sent, by id."""
    return _list_handshakes(call, "ListHandshakesForOrganization", of_organization(call.snapshot, view.scope.id), given)


def _list_handshakes(call: Call, operation: str, handshakes: tuple[Handshake, ...], given: Mapping[str, Any]) -> Answer:
    wanted = given.get("Filter", {})
    action, parent = wanted.get("ActionType"), wanted.get("ParentHandshakeId")
    if action is not None and parent is not None:
        raise sentences.invalid("MAX_LIMIT_EXCEEDED_FILTER", handshake_sentences.ONE_FILTER)

    def matches(one: Handshake) -> bool:
        wanted_one = action in (None, one.action) and parent in (None, one.parent)
        return wanted_one and one.is_shown_at(call.now) and one.organization in call.snapshot.organizations

    found = page(call.paging, operation, handshakes, given, key=lambda one: one.id, matching=matches)
    return found.answer("Handshakes", lambda one: shown(call, one))
