"""The shared parts of operations on handshakes: finding a handshake, who may respond, the answer.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_invites.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from carnet.base.arns import organizations_arn
from carnet.base.faults import Fault, Unavailable
from carnet.base.timestamps import iso_seconds
from carnet.directory.organization_view import OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.responsibility_transfer import ResponsibilityTransfer
from carnet.services.operation import Call, WriteCall
from carnet.services.organizations import handshake_sentences, sentences
from carnet.services.target import Target

_ENDED_KEPT = 10_000
"""How many handshakes of an organization that are at their end are kept: the newest."""
_WITH_ACCOUNT = frozenset(HandshakeAction) - {HandshakeAction.ENABLE_ALL_FEATURES}


def of_organization(snapshot: Snapshot, organization: str) -> tuple[Handshake, ...]:
    """The handshakes that an organization has sent, by id."""
    return snapshot.installation.of(Handshake).referring("organization", organization)


def places_taken(call: Call, view: OrganizationView) -> int:
    """The number of accounts that count towards the organization's quota, closed and invited ones included."""
    sent = of_organization(call.snapshot, view.scope.id)
    invited = [one for one in sent if one.action is HandshakeAction.INVITE and one.is_pending_at(call.now)]
    return len(view.of(OrganizationAccount)) + len(invited)


def sender_of(snapshot: Snapshot, handshake: Handshake) -> OrganizationView:
    """The organization that sent a handshake. Raises Unavailable if it cannot be read."""
    view = snapshot.organizations.get(handshake.organization)
    if view is None:
        raise Unavailable(f"The organization {handshake.organization} cannot be read.")
    return view


def any_party(call: Call, given: Any) -> Target[Handshake]:
    """The handshake HandshakeId, which only its two sides can see."""
    found = call.snapshot.installation.of(Handshake).get(given["HandshakeId"])
    if found is None or not found.is_shown_at(call.now) or not (_is_recipient(call, found) or _is_sender(call, found)):
        membership = call.view.membership
        organization = "o-none" if membership is None else membership.organization
        arn = organizations_arn(call.partition, call.account, f"handshake/{organization}/*/{given['HandshakeId']}")
        return Target(arn=arn, account=call.account, found=handshake_sentences.missing())
    return _target(call, found, (found,))


def recipient(call: Call, given: Any) -> Target[Handshake]:
    """The handshake HandshakeId, for its recipient."""
    target = any_party(call, given)
    if isinstance(target.found, Fault) or _is_recipient(call, target.found[0]):
        return target
    return target.finding(sentences.not_for_this_account())


def sender(call: Call, given: Any) -> Target[Handshake]:
    """The handshake HandshakeId, for the management account of the organization that sent it."""
    target = any_party(call, given)
    if isinstance(target.found, Fault) or _manages(call, target.found[0]):
        return target
    return target.finding(sentences.not_for_this_account())


def moved_on(call: Call, handshake: Handshake, state: HandshakeState) -> Handshake:
    """A pending handshake in its final state. Raises Refused if it is not pending."""
    now = handshake.state_at(call.now)
    if now is state:
        raise handshake_sentences.in_state()
    if not now.is_pending:
        raise handshake_sentences.transition()
    return replace(handshake, state=state, changed=call.now)


def cancel_all(call: WriteCall, handshakes: Iterable[Handshake]) -> None:
    """Cancel the pending ones of the handshakes."""
    for handshake in handshakes:
        if handshake.is_pending_at(call.now):
            call.store.save(moved_on(call, handshake, HandshakeState.CANCELED))


def forget_old(call: WriteCall, sent: tuple[Handshake, ...]) -> None:
    """Remove those that are told of no more, and of the others at their end the oldest beyond those that are kept.

    With an invitation to a transfer goes the transfer, unless it was accepted.
    """
    ended = [one for one in sent if one.is_shown_at(call.now) and not one.is_pending_at(call.now)]
    ended.sort(key=lambda one: (one.requested, one.id), reverse=True)
    for old in (*(one for one in sent if not one.is_shown_at(call.now)), *ended[_ENDED_KEPT:]):
        transfer = call.snapshot.installation.of(ResponsibilityTransfer).get(old.transfer)
        if transfer is not None and old.state is not HandshakeState.ACCEPTED:
            call.store.remove(transfer)
        call.store.remove(old)


def shown(call: Call, handshake: Handshake, transfer: ResponsibilityTransfer | None = None) -> dict[str, object]:
    """A handshake as it is answered; `transfer` is one that is not there yet, if the handshake is about that.

    Raises Unavailable if its organization cannot be read.
    """
    if handshake.action is HandshakeAction.TRANSFER_RESPONSIBILITY and transfer is None:
        transfer = call.snapshot.installation.of(ResponsibilityTransfer).get(handshake.transfer)
    view = sender_of(call.snapshot, handshake)
    return {
        "Id": handshake.id,
        "Arn": view.organization.arn_of(handshake.resource),
        "Parties": _parties(handshake),
        "State": handshake.state_at(call.now),
        "RequestedTimestamp": handshake.requested,
        "ExpirationTimestamp": handshake.expires,
        "Action": handshake.action,
        "Resources": list(_resources(call, view, handshake, transfer)),
    }


def _parties(handshake: Handshake) -> list[dict[str, str]]:
    """Both sides; AWS answers the id of the organization without its prefix."""
    organization = {"Id": handshake.organization.removeprefix("o-"), "Type": "ORGANIZATION"}
    if handshake.action not in _WITH_ACCOUNT:
        return [organization]
    invited = {"Id": handshake.account, "Type": "ACCOUNT"}
    return [organization, invited if handshake.email is None else {"Id": handshake.email, "Type": "EMAIL"}]


def _resources(
    call: Call, view: OrganizationView, handshake: Handshake, transfer: ResponsibilityTransfer | None
) -> Iterable[dict[str, object]]:
    organization: dict[str, object] = {"Type": "ORGANIZATION", "Value": handshake.organization}
    if handshake.action not in _WITH_ACCOUNT:
        yield organization
        return
    management = call.snapshot.accounts[view.organization.management].account
    about = [
        ("MASTER_EMAIL", management.email),
        ("MASTER_NAME", management.name),
        ("ORGANIZATION_FEATURE_SET", view.organization.feature_set),
    ]
    if transfer is not None:
        about = [
            ("MANAGEMENT_ACCOUNT", management.id),
            ("MANAGEMENT_EMAIL", management.email),
            ("MANAGEMENT_NAME", management.name),
        ]
    yield {**organization, "Resources": [{"Type": kind, "Value": value} for kind, value in about]}
    if handshake.email is None or handshake.state is HandshakeState.ACCEPTED:
        yield {"Type": "ACCOUNT", "Value": handshake.account}
    else:
        yield {"Type": "EMAIL", "Value": handshake.email}
    if transfer is not None:
        yield {"Type": "RESPONSIBILITY_TRANSFER", "Value": transfer.id}
        yield {"Type": "TRANSFER_TYPE", "Value": "BILLING"}
        yield {"Type": "TRANSFER_START_TIMESTAMP", "Value": iso_seconds(transfer.start)}
    if handshake.parent is not None:
        yield {"Type": "PARENT_HANDSHAKE", "Value": handshake.parent}
    if handshake.notes is not None:
        yield {"Type": "NOTES", "Value": handshake.notes}


def _is_recipient(call: Call, handshake: Handshake) -> bool:
    return handshake.account == call.account


def _manages(call: Call, handshake: Handshake) -> bool:
    view = call.snapshot.organizations.get(handshake.organization)
    return view is not None and view.organization.management == call.account


def _is_sender(call: Call, handshake: Handshake) -> bool:
    """Whether the caller's account acts for the organization: it manages it, or is a delegated administrator."""
    view = call.snapshot.organizations.get(handshake.organization)
    account = None if view is None else view.of(OrganizationAccount).get(call.account)
    return _manages(call, handshake) or (account is not None and bool(account.delegations))


def _target(call: Call, handshake: Handshake, found: tuple[Handshake]) -> Target[Handshake]:
    view = call.snapshot.organizations.get(handshake.organization)
    if view is None:
        unreadable = Unavailable(f"The organization {handshake.organization} cannot be read.")
        return Target(arn="*", account=call.account, found=unreadable)
    return Target(arn=view.organization.arn_of(handshake.resource), account=call.account, found=found)
