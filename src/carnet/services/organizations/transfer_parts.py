"""The shared parts of operations on responsibility transfers: finding one, its months, and its limits.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from carnet.base.faults import Fault
from carnet.directory.organization_view import OrganizationView
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferDirection
from carnet.services.operation import Call
from carnet.services.organizations import sentences, targets, transfer_sentences
from carnet.services.organizations.callers import asked, management_account
from carnet.services.organizations.quotas import quotas_of
from carnet.services.target import Target

_REFERENCES = {TransferDirection.INBOUND: "organization", TransferDirection.OUTBOUND: "source_organization"}
_AHEAD = timedelta(days=366)
"""How far ahead a transfer may begin or end."""
_MILLISECOND = timedelta(milliseconds=1)


def transfers(call: Call, organization: str, direction: TransferDirection) -> tuple[ResponsibilityTransfer, ...]:
    """The transfers of an organization in one direction, by id, of any status."""
    of_all = call.snapshot.installation.of(ResponsibilityTransfer)
    return of_all.referring(_REFERENCES[direction], organization)


def transfer(call: Call, given: Any) -> Target[OrganizationView, ResponsibilityTransfer, TransferDirection]:
    """The transfer Id and its direction, of which the management accounts of both sides know, and nobody else.

    Its tags are the target's: they say nothing to the policies of the source.
    """
    view = asked(call, management_account)
    if isinstance(view, Fault):
        return Target(arn=_absent_arn(call, given), account=call.account, found=view)
    found = call.snapshot.installation.of(ResponsibilityTransfer).get(given["Id"])
    direction = None if found is None else found.seen_by(view.scope.id)
    if found is None or direction is None or not found.is_shown_at(call.now):
        return Target(arn=_absent_arn(call, given), account=call.account, found=transfer_sentences.missing())
    return Target(
        arn=view.organization.arn_of(found.resource_seen(view.scope.id, direction)),
        account=call.account,
        found=(view, found, direction),
        tags=found.tags if direction is TransferDirection.INBOUND else {},
    )


def _absent_arn(call: Call, given: Any) -> str:
    return targets.absent_arn(call, "transfer", f"billing/*/{given['Id']}")


def shown(
    call: Call, view: OrganizationView, one: ResponsibilityTransfer, direction: TransferDirection
) -> dict[str, object]:
    """A transfer as one of its sides sees it."""
    answer: dict[str, object] = {
        "Arn": view.organization.arn_of(one.resource_seen(view.scope.id, direction)),
        "Name": one.name,
        "Id": one.id,
        "Type": "BILLING",
        "Status": one.status_at(call.now),
        "Source": _participant(call, one.source),
        "Target": _participant(call, one.target),
        "StartTimestamp": one.start,
        "ActiveHandshakeId": one.handshake,
    }
    return answer if one.end is None else {**answer, "EndTimestamp": one.end}


def _participant(call: Call, account: str) -> dict[str, str]:
    view = call.snapshot.account(account)
    told = {"ManagementAccountId": account}
    return told if view is None else {**told, "ManagementAccountEmail": view.account.email}


def start_given(call: Call, start: datetime) -> datetime:
    """When a transfer begins. Raises Invalid unless it is the beginning of a month to come, within a year."""
    if start != _day_of(start):
        raise sentences.invalid("START_DATE_NOT_BEGINNING_OF_DAY", transfer_sentences.START_NOT_OF_DAY)
    if start.day != 1:
        raise sentences.invalid("START_DATE_NOT_BEGINNING_OF_MONTH", transfer_sentences.START_NOT_OF_MONTH)
    if start <= call.now:
        raise sentences.invalid("START_DATE_TOO_EARLY", transfer_sentences.START_TOO_EARLY)
    if start > call.now + _AHEAD:
        raise sentences.invalid("START_DATE_TOO_LATE", transfer_sentences.START_TOO_LATE)
    return start


def end_given(call: Call, end: datetime | None) -> datetime:
    """When a transfer ends, to the millisecond; without one, with this month.

    Raises Invalid unless it is the end of a month that is not over, within a year. The last second of the month will
    do: SDKs send whole seconds.
    """
    if end is None:
        return _end_of_month(call.now)
    if end > call.now + _AHEAD:
        raise sentences.invalid("END_DATE_TOO_LATE", transfer_sentences.END_TOO_LATE)
    if end.replace(microsecond=0) != _end_of_month(end).replace(microsecond=0):
        raise sentences.invalid("END_DATE_NOT_END_OF_MONTH", transfer_sentences.END_NOT_OF_MONTH)
    if end <= call.now:
        raise sentences.invalid("END_DATE_TOO_EARLY", transfer_sentences.END_TOO_EARLY)
    return _end_of_month(end)


def _day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _end_of_month(moment: datetime) -> datetime:
    first = _day_of(moment).replace(day=1)
    return (first + timedelta(days=31)).replace(day=1) - _MILLISECOND


def ensure_inbound_room(call: Call, target: str, source: str) -> None:
    """Raises TooMany if an organization can receive no further transfer from `source`."""
    quotas = quotas_of(call, call.snapshot.organizations[target].organization)
    inbound = [one for one in transfers(call, target, TransferDirection.INBOUND) if one.is_going_on_at(call.now)]
    if len([one for one in inbound if one.source_organization != source]) >= quotas.inbound_transfers:
        reason = "RESPONSIBILITY_TRANSFER_MAX_INBOUND_QUOTA_VIOLATION"
        raise sentences.constraint(reason, transfer_sentences.INBOUND_FULL)


def ensure_may_transfer(call: Call, target: str, source: str) -> None:
    """Raises TooMany if `source` can have no further transfer from it, or none to `target`.

    Asked when an invitation is accepted: who invites learns nothing of the other transfers of whom it invites.
    """
    quotas = quotas_of(call, call.snapshot.organizations[source].organization)
    if len(agreed(call, source, TransferDirection.OUTBOUND)) >= quotas.outbound_transfers:
        reason = "RESPONSIBILITY_TRANSFER_MAX_OUTBOUND_QUOTA_VIOLATION"
        raise sentences.constraint(reason, transfer_sentences.OUTBOUND_FULL)
    above, below = (
        _levels(call, target, TransferDirection.OUTBOUND),
        _levels(call, source, TransferDirection.INBOUND),
    )
    if above + 1 + below > quotas.transfer_levels:
        raise sentences.constraint("RESPONSIBILITY_TRANSFER_MAX_LEVEL_VIOLATION", transfer_sentences.CHAIN_TOO_LONG)


def _levels(call: Call, organization: str, direction: TransferDirection) -> int:
    """How many transfers stand one after the other from an organization on.

    INVARIANT: this ends, for what is agreed has so few levels that no transfer leads back to where it came from.
    """
    outbound = direction is TransferDirection.OUTBOUND
    following = (
        one.organization if outbound else one.source_organization for one in agreed(call, organization, direction)
    )
    return max((1 + _levels(call, each, direction) for each in following), default=0)


def agreed(call: Call, organization: str, direction: TransferDirection) -> list[ResponsibilityTransfer]:
    """The accepted transfers of an organization in one direction that have not ended."""
    return [one for one in transfers(call, organization, direction) if one.is_agreed_at(call.now)]


def ensure_no_transfer(call: Call, view: OrganizationView) -> None:
    """Raises TooMany if an organization is a side of a current transfer, or is invited to one."""
    both = (one for direction in TransferDirection for one in transfers(call, view.scope.id, direction))
    if any(one.is_going_on_at(call.now) for one in both):
        raise sentences.constraint("ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS", transfer_sentences.GOING_ON)
