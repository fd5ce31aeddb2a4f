"""Handshakes: what an organization asks of an account, and what becomes of it.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Handshake.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from carnet.entities.entity import Tags

SHOWN = timedelta(days=30)
"""How long a handshake is told of after it came to its end."""


class HandshakeAction(StrEnum):
    INVITE = "INVITE"
    ENABLE_ALL_FEATURES = "ENABLE_ALL_FEATURES"
    """Of the organization with itself: the management account accepts it when every invited account has approved."""
    APPROVE_ALL_FEATURES = "APPROVE_ALL_FEATURES"
    """With each invited account; its parent is the one before."""
    TRANSFER_RESPONSIBILITY = "TRANSFER_RESPONSIBILITY"
    """With the management account of another organization."""

    @property
    def lasts(self) -> timedelta:
        """How long it can be responded to.

        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
        """
        return timedelta(days=15 if self in _INVITATIONS else 90)


_INVITATIONS = frozenset((HandshakeAction.INVITE, HandshakeAction.TRANSFER_RESPONSIBILITY))


class HandshakeState(StrEnum):
    REQUESTED = "REQUESTED"
    """Others have to respond before it can be accepted."""
    OPEN = "OPEN"
    CANCELED = "CANCELED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    """Never stored: time alone brings it about."""

    @property
    def is_pending(self) -> bool:
        """Whether it may still come to another state."""
        return self in (HandshakeState.REQUESTED, HandshakeState.OPEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Handshake:
    """One handshake, which the organization and the account both see.

    It is of the installation: one row, which either finds by what it refers to. Were it of either side, the other
    would look for it in all of them; were it kept twice, the two could come to differ.
    """

    id: str
    """`h-...`"""
    organization: str
    """The organization that asks."""
    action: HandshakeAction
    account: str
    """The account that responds; of ENABLE_ALL_FEATURES the management account itself."""
    email: str | None = None
    """The email address by which the account was invited, if it was not by its id."""
    parent: str | None = None
    """The id of the handshake that this one is part of."""
    notes: str | None = None
    tags: Tags = field(default_factory=dict[str, str])
    """What an invited account is tagged with when it joins."""
    state: HandshakeState
    """As it was last set: `state_at` knows of the time."""
    requested: datetime
    expires: datetime
    changed: datetime
    """When the state was last set."""

    @property
    def resource(self) -> str:
        """What stands last in its ARN."""
        return f"handshake/{self.organization}/{self.action.lower()}/{self.id}"

    @property
    def is_invitation(self) -> bool:
        """Whether somebody outside of the organization is asked."""
        return self.action in _INVITATIONS

    @property
    def transfer(self) -> str:
        """The id of the responsibility transfer that a TRANSFER_RESPONSIBILITY is about."""
        return f"rt-{self.id.removeprefix('h-')}"

    def state_at(self, now: datetime) -> HandshakeState:
        """The state at a time."""
        return HandshakeState.EXPIRED if self.state.is_pending and now >= self.expires else self.state

    def is_pending_at(self, now: datetime) -> bool:
        return self.state_at(now).is_pending

    def ended_at(self, now: datetime) -> datetime | None:
        """When it came to its end; None if it has not."""
        state = self.state_at(now)
        if state.is_pending:
            return None
        return self.expires if state is HandshakeState.EXPIRED else self.changed

    def is_shown_at(self, now: datetime) -> bool:
        """Whether it is still told of."""
        ended = self.ended_at(now)
        return ended is None or now < ended + SHOWN
