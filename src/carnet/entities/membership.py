"""That an account is in an organization, as the account knows it.

INVARIANT: an account is in an organization if and only if it has one of these, and then the organization has an
`OrganizationAccount` of it. One transaction writes both. They are two, because a view is made of the rows of its own
scope alone: who cannot read the organization knows from the account that there is one, and denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

KEPT_CLOSED = timedelta(days=90)
"""How long an account that was closed is kept.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """The organization that an account is in."""

    account: str
    organization: str
    closed: datetime | None = None
    """When the account was closed: from then on nobody in it is allowed anything."""

    @property
    def id(self) -> str:
        """An account has one of them at most."""
        return self.account
