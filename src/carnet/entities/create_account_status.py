"""What became of requests to create an account in an organization.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

IN_PROGRESS = "IN_PROGRESS"
"""The state that CreateAccount answers. The account is made by then, and nothing is ever stored in that state."""


class CreateAccountState(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class CreateAccountFailure(StrEnum):
    """Why an account was not created."""

    EMAIL_ALREADY_EXISTS = "EMAIL_ALREADY_EXISTS"
    INVALID_EMAIL = "INVALID_EMAIL"


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateAccountStatus:
    """One request, and what came of it: either an account or a failure."""

    id: str
    """`car-...`"""
    organization: str
    account_name: str
    requested: datetime
    account: str | None = None
    """The id of the new account."""
    failure: CreateAccountFailure | None = None

    @property
    def state(self) -> CreateAccountState:
        return CreateAccountState.SUCCEEDED if self.failure is None else CreateAccountState.FAILED
