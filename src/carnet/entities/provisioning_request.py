"""What became of requests to assign permission sets, and to provision them.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AccountAssignmentOperationStatus.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from carnet.entities.account_assignment import PrincipalType

TOLD = timedelta(days=30)
"""How long a request is told of."""


class RequestKind(StrEnum):
    CREATION = "CREATION"
    """Of an account assignment."""
    DELETION = "DELETION"
    """Of an account assignment."""
    PROVISIONING = "PROVISIONING"


class RequestStatus(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    """Answered to who asked. It is done by then, and nothing is ever stored in that state."""
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisioningRequest:
    """One request, and what came of it."""

    id: str
    """A UUID."""
    account: str
    """The account that owns the instance."""
    instance: str
    kind: RequestKind
    permission_set: str
    target: str | None
    """The account; None for all that the set is provisioned to."""
    principal_type: PrincipalType | None = None
    principal: str | None = None
    failure: str | None = None
    """Why it failed, in AWS's words."""
    created: datetime

    @property
    def status(self) -> RequestStatus:
        return RequestStatus.SUCCEEDED if self.failure is None else RequestStatus.FAILED
