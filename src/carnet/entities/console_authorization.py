"""Console authorization: whether policies for AWS Sign-In hold, for an account or for those of an organization.

https://docs.aws.amazon.com/signin/latest/APIReference/API_PutConsoleAuthorizationConfiguration.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsoleAuthorization:
    """One that is enabled. That of an organization is in its management account."""

    id: str
    """The id of the account, or of the organization, that it is enabled for."""
    account: str
    enabled: datetime
