"""Responsibility transfers: one organization lets another's management account have its billing.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ResponsibilityTransfer.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.entities.entity import Tags
from carnet.entities.handshake import SHOWN


class TransferDirection(StrEnum):
    """How an organization sees a transfer."""

    INBOUND = "INBOUND"
    """It has the responsibility of the other."""
    OUTBOUND = "OUTBOUND"


class TransferStatus(StrEnum):
    REQUESTED = "REQUESTED"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    """Never stored: time alone brings it about."""
    ACCEPTED = "ACCEPTED"
    WITHDRAWN = "WITHDRAWN"
    """It has an end, which may be still to come."""


_AGREED = frozenset((TransferStatus.ACCEPTED, TransferStatus.WITHDRAWN))


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponsibilityTransfer:
    """One transfer, from its invitation on. Of the installation, as its handshake: both organizations see it."""

    id: str
    """`rt-...`: what follows is that of the id of its handshake."""
    organization: str
    """The organization that invites, and that is to have the responsibility: the target."""
    target: str
    """The management account of that organization."""
    source_organization: str
    source: str
    """The management account of the source: the one that is invited."""
    name: str
    tags: Tags = field(default_factory=dict[str, str])
    status: TransferStatus
    """As it was last set: `status_at` knows of the time."""
    start: datetime
    end: datetime | None = None
    expires: datetime
    """When the invitation can be responded to no more."""
    changed: datetime
    """When the status was last set."""

    @property
    def handshake(self) -> str:
        """The id of its invitation."""
        return f"h-{self.id.removeprefix('rt-')}"

    @property
    def resource(self) -> str:
        """What stands last in its ARN, which is the target's, as its tags are."""
        return self.resource_seen(self.organization, TransferDirection.INBOUND)

    def seen_by(self, organization: str) -> TransferDirection | None:
        """The direction that it has for an organization; None if it is not of it."""
        if organization == self.organization:
            return TransferDirection.INBOUND
        return TransferDirection.OUTBOUND if organization == self.source_organization else None

    def resource_seen(self, organization: str, direction: TransferDirection) -> str:
        """What stands last in the ARN that it has for an organization."""
        return f"transfer/{organization}/billing/{direction.lower()}/{self.id}"

    def status_at(self, now: datetime) -> TransferStatus:
        """The status at a time."""
        requested = self.status is TransferStatus.REQUESTED
        return TransferStatus.EXPIRED if requested and now >= self.expires else self.status

    def is_agreed_at(self, now: datetime) -> bool:
        """Whether it was accepted and is not at its end."""
        return self.status in _AGREED and (self.end is None or now < self.end)

    def is_going_on_at(self, now: datetime) -> bool:
        """The same, or its invitation is pending."""
        return self.is_agreed_at(now) or self.status_at(now) is TransferStatus.REQUESTED

    def is_shown_at(self, now: datetime) -> bool:
        """Whether it is still told of: for ever if it was accepted, otherwise as long as its handshake."""
        status = self.status_at(now)
        if status is TransferStatus.REQUESTED or status in _AGREED:
            return True
        return now < (self.expires if status is TransferStatus.EXPIRED else self.changed) + SHOWN
