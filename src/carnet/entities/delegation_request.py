"""Delegation requests: an account asks for temporary permissions in another one, which its people grant or refuse.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-building-integration.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class DelegationState(StrEnum):
    """Where a request stands."""

    UNASSIGNED = "UNASSIGNED"
    ASSIGNED = "ASSIGNED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    ACCEPTED = "ACCEPTED"
    FINALIZED = "FINALIZED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    """INVARIANT: never stored; time alone leads there."""


_LIFE = {DelegationState.UNASSIGNED: timedelta(days=1)}
_LONGEST_LIFE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Approver:
    """Who accepted a request, as it was at that moment: the delegated permissions are a part of this identity's."""

    id: str
    """Of a user (AIDA...), of a role (AROA...), or of the account for its root user."""
    arn: str
    session: bytes | None = None
    """The packed claims of the session that accepted; None for one who used long-term credentials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DelegationRequest:
    """A request of the account `requestor`."""

    id: str
    requestor: str
    requestor_name: str
    workflow: str
    """RequestorWorkflowId: the requestor gives none twice."""
    owner_account: str | None = None
    """The account that it is for; None until an identity of some account takes it on."""
    owner: str | None = None
    """ARN of the identity that took it on."""
    owner_id: str | None = None
    """What tells that identity from another one that is called so later: `AIDA...`, `AROA...:session`."""
    approver: Approver | None = None
    description: str
    message: str | None = None
    template: str
    """ARN of the policy template, and in `parameters` its parameters, as JSON."""
    parameters: str
    policy: str
    """The permissions asked for: the template with its parameters filled in."""
    channel: str
    redirect_url: str | None = None
    session_seconds: int
    only_owner_sends: bool = False
    state: DelegationState = DelegationState.UNASSIGNED
    notes: str | None = None
    rejection: str | None = None
    created: datetime
    updated: datetime

    @property
    def expires(self) -> datetime:
        """When it expires if it stays as it is."""
        return self.updated + _LIFE.get(self.state, _LONGEST_LIFE)

    @property
    def delegated_until(self) -> datetime:
        """When the permissions end that a finalized request gives."""
        return self.updated + timedelta(seconds=self.session_seconds)

    def state_at(self, now: datetime) -> DelegationState:
        return DelegationState.EXPIRED if self.expires <= now else self.state
