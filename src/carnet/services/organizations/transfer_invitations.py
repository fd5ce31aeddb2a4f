"""Invitations of other organizations to transfer a responsibility, and the answers to them.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteOrganizationToTransferResponsibility.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from carnet.access.authorize import Check
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import OrganizationView
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferDirection, TransferStatus
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import condition_keys, handshake_sentences, targets, transfer_events
from carnet.services.organizations.handshake_parts import forget_old, moved_on, of_organization, shown
from carnet.services.organizations.invitations import ensure_not_too_many, invited, invited_account
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import tags_of
from carnet.services.organizations.transfer_parts import (
    ensure_inbound_room,
    ensure_may_transfer,
    start_given,
    transfers,
)
from carnet.services.request_tags import request_tags
from carnet.services.target import Keys, Target


def may_tag_transfer(call: Call, given: Any, target: Target[OrganizationView], keys: Keys) -> Iterator[Check]:
    """With tags, the caller also needs the permission to tag the transfer to create."""
    if given.get("Tags"):
        arn = targets.absent_arn(call, "transfer", "billing/inbound/rt-*")
        tags = {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        of_new = Target(arn=arn, account=call.account, found=(), tags=tags)
        yield of_new.check("organizations:TagResource", {**keys, **request_tags(call, given, of_new)})


@organizations.write(
    "InviteOrganizationToTransferResponsibility",
    on=invited,
    also=(may_tag_transfer,),
    context=(condition_keys.transfer(TransferDirection.INBOUND),),
)
def invite_organization_to_transfer_responsibility(call: WriteCall, given: Any, view: OrganizationView) -> Answer:
    """Ask the management account of another organization of this installation, for 15 days or until the start."""
    start = start_given(call, given["StartTimestamp"])
    account = invited_account(call, given["Target"])
    source = _source(call, view, account)
    sent = of_organization(call.snapshot, view.scope.id)
    _ensure_new(call, view.scope.id, source)
    ensure_not_too_many(call, sent)
    ensure_inbound_room(call, view.scope.id, source)
    invitation = Handshake(
        id=call.ids.organizations("h", 32),
        organization=view.scope.id,
        action=HandshakeAction.TRANSFER_RESPONSIBILITY,
        account=account.account.id,
        email=given["Target"]["Id"] if given["Target"]["Type"] == "EMAIL" else None,
        notes=given.get("Notes"),
        state=HandshakeState.OPEN,
        requested=call.now,
        expires=min(start, call.now + HandshakeAction.TRANSFER_RESPONSIBILITY.lasts),
        changed=call.now,
    )
    transfer = ResponsibilityTransfer(
        id=invitation.transfer,
        organization=view.scope.id,
        target=call.account,
        source_organization=source,
        source=account.account.id,
        name=given["SourceName"],
        tags=tags_of(call, given, "transfer"),
        status=TransferStatus.REQUESTED,
        start=start,
        expires=invitation.expires,
        changed=call.now,
    )
    forget_old(call, sent)
    call.store.add(invitation)
    call.store.add(transfer)
    return {"Handshake": shown(call, invitation, transfer)}


def accept_transfer(call: WriteCall, handshake: Handshake) -> Handshake:
    """Accept the transfer. Raises a Fault if there may be no further transfer."""
    accepted = moved_on(call, handshake, HandshakeState.ACCEPTED)
    transfer = call.snapshot.installation.of(ResponsibilityTransfer).by_id[handshake.transfer]
    sides = transfer.organization, transfer.source_organization
    ensure_inbound_room(call, *sides)
    ensure_may_transfer(call, *sides)
    agreed = replace(transfer, status=TransferStatus.ACCEPTED, changed=call.now)
    call.store.save(agreed)
    transfer_events.tell(call, transfer_events.ACCEPTED, agreed)
    return accepted


def answer_transfer(call: WriteCall, handshake: Handshake, status: TransferStatus) -> None:
    """Set the status of the transfer that a handshake is about, if any, to that of its invitation."""
    transfer = call.snapshot.installation.of(ResponsibilityTransfer).get(handshake.transfer)
    if transfer is not None:
        call.store.save(replace(transfer, status=status, changed=call.now))


def _source(call: Call, view: OrganizationView, account: AccountView) -> str:
    """The organization of an invited account. Raises Refused if the account cannot be the source of a transfer."""
    if account.account.partition != view.organization.partition:
        raise handshake_sentences.constraint(
            "ORGANIZATION_FROM_DIFFERENT_SELLER_OF_RECORD", handshake_sentences.OTHER_PARTITION
        )
    source = call.snapshot.organization_of(account.account.id)
    if source is None or source.organization.management != account.account.id:
        reason = "TARGET_ACCOUNT_VALIDATION_FAILURE"
        raise handshake_sentences.constraint(reason, handshake_sentences.NO_MANAGEMENT_ACCOUNT)
    if source.scope.id == view.scope.id:
        raise handshake_sentences.constraint("SOURCE_AND_TARGET_CANNOT_MATCH", handshake_sentences.SAME_ORGANIZATION)
    return source.scope.id


def _ensure_new(call: Call, target: str, source: str) -> None:
    """Raises Refused if there is a transfer between the two already, or a pending invitation to one."""
    between = (
        one
        for one in transfers(call, target, TransferDirection.INBOUND)
        if one.source_organization == source and one.is_going_on_at(call.now)
    )
    for one in between:
        if one.status is TransferStatus.REQUESTED:
            raise handshake_sentences.exists()
        raise handshake_sentences.constraint(
            "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS", handshake_sentences.TRANSFER_EXISTS
        )
