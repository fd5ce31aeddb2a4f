"""Responsibility transfers after the invitation: they are described, renamed and terminated.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ResponsibilityTransfer.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.directory.organization_view import OrganizationView
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferDirection, TransferStatus
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import condition_keys, sentences, targets, transfer_events, transfer_sentences
from carnet.services.organizations.callers import management_account
from carnet.services.organizations.service import organizations
from carnet.services.organizations.transfer_parts import end_given, shown, transfer, transfers
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        ListInboundResponsibilityTransfersRequestTypeDef,
        ListOutboundResponsibilityTransfersRequestTypeDef,
        UpdateResponsibilityTransferRequestTypeDef,
    )


@organizations.read("DescribeResponsibilityTransfer", on=transfer, context=(condition_keys.transfer_seen,))
def describe_responsibility_transfer(
    call: Call, given: Any, view: OrganizationView, one: ResponsibilityTransfer, direction: TransferDirection
) -> Answer:
    """A transfer, for either side."""
    return {"ResponsibilityTransfer": shown(call, view, one, direction)}


@organizations.read(
    "ListInboundResponsibilityTransfers",
    on=targets.organization(management_account),
    context=(condition_keys.transfer(TransferDirection.INBOUND),),
)
def list_inbound_responsibility_transfers(
    call: Call, given: ListInboundResponsibilityTransfersRequestTypeDef, view: OrganizationView
) -> Answer:
    """The transfers to the organization and the invitations to them, by id; only one with that Id, if it is given."""
    found = transfers(call, view.scope.id, TransferDirection.INBOUND)
    if "Id" in given:
        found = tuple(one for one in found if one.id == given["Id"] and one.is_shown_at(call.now))
        if not found:
            raise transfer_sentences.missing()
    return _list_transfers(call, "ListInboundResponsibilityTransfers", view, found, TransferDirection.INBOUND, given)


@organizations.read(
    "ListOutboundResponsibilityTransfers",
    on=targets.organization(management_account),
    context=(condition_keys.transfer(TransferDirection.OUTBOUND),),
)
def list_outbound_responsibility_transfers(
    call: Call, given: ListOutboundResponsibilityTransfersRequestTypeDef, view: OrganizationView
) -> Answer:
    """The transfers from the organization and the invitations to them, by id."""
    found = transfers(call, view.scope.id, TransferDirection.OUTBOUND)
    return _list_transfers(call, "ListOutboundResponsibilityTransfers", view, found, TransferDirection.OUTBOUND, given)


def _list_transfers(
    call: Call,
    operation: str,
    view: OrganizationView,
    found: tuple[ResponsibilityTransfer, ...],
    direction: TransferDirection,
    given: Mapping[str, Any],
) -> Answer:
    told = page(
        call.paging, operation, found, given, key=lambda one: one.id, matching=lambda one: one.is_shown_at(call.now)
    )
    return told.answer("ResponsibilityTransfers", lambda one: shown(call, view, one, direction))


@organizations.write("UpdateResponsibilityTransfer", on=transfer, context=(condition_keys.transfer_seen,))
def update_responsibility_transfer(
    call: WriteCall,
    given: UpdateResponsibilityTransferRequestTypeDef,
    view: OrganizationView,
    one: ResponsibilityTransfer,
    direction: TransferDirection,
) -> Answer:
    """Rename a transfer, which only the organization that sent the invitation may do."""
    if direction is not TransferDirection.INBOUND:
        raise sentences.not_for_this_account()
    if one.status_at(call.now) not in (TransferStatus.REQUESTED, TransferStatus.ACCEPTED):
        reason = "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED"
        raise sentences.constraint(reason, transfer_sentences.UPDATE_NOT_ALLOWED)
    named = replace(one, name=given["Name"])
    if named != one:
        call.store.save(named)
    return {"ResponsibilityTransfer": shown(call, view, named, direction)}


@organizations.write("TerminateResponsibilityTransfer", on=transfer, context=(condition_keys.transfer_seen,))
def terminate_responsibility_transfer(
    call: WriteCall,
    given: Any,
    view: OrganizationView,
    one: ResponsibilityTransfer,
    direction: TransferDirection,
) -> Answer:
    """Let a transfer end with a month; either side may. If it ends before its start, it never begins."""
    if one.status is TransferStatus.WITHDRAWN:
        raise transfer_sentences.in_status()
    if one.status is not TransferStatus.ACCEPTED:
        raise transfer_sentences.transition()
    ending = replace(
        one, status=TransferStatus.WITHDRAWN, end=end_given(call, given.get("EndTimestamp")), changed=call.now
    )
    call.store.save(ending)
    transfer_events.tell(call, transfer_events.TERMINATED, ending)
    return {"ResponsibilityTransfer": shown(call, view, ending, direction)}
