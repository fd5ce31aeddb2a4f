"""What AWS Organizations tells of responsibility transfers by itself: that one was accepted, and that one is to end.

Every management account that it concerns is told: those of both sides, and upstream whoever has the billing of the
target by a transfer of that. AWS names the events and publishes no example of them: they hold the transfer, as it is
answered to the target.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.audit.redaction import output_redaction
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferDirection
from carnet.services.operation import WriteCall
from carnet.services.organization_events import finished
from carnet.services.organizations.transfer_parts import agreed, shown

ACCEPTED = "ResponsibilityTransferAccepted"
TERMINATED = "ResponsibilityTransferTerminated"


def tell(call: WriteCall, name: str, transfer: ResponsibilityTransfer) -> None:
    """Write the event `name` for every account that is concerned by the transfer in its new state."""
    target = call.snapshot.organizations[transfer.organization]
    answer = {"ResponsibilityTransfer": shown(call, target, transfer, TransferDirection.INBOUND)}
    details = output_redaction("organizations", "DescribeResponsibilityTransfer")(answer)
    for organization in _organizations_concerned(call, transfer):
        call.store.audit(finished(call.snapshot.organizations[organization].organization, name, call.now, details))


def _organizations_concerned(call: WriteCall, transfer: ResponsibilityTransfer) -> Iterator[str]:
    """The organizations of both sides and upstream.

    INVARIANT: this ends, for what is agreed has so few levels that no transfer leads back to where it came from.
    """
    yield transfer.source_organization
    upwards = [transfer.organization]
    while upwards:
        organization = upwards.pop()
        yield organization
        upwards += [one.organization for one in agreed(call, organization, TransferDirection.OUTBOUND)]
