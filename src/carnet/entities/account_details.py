"""What an account says of itself: whom to reach, and which Regions it has enabled.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Contact = Mapping[str, str]
"""The members of a contact by the names that the Account Management API has for them: `FullName`, `PhoneNumber` ..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountDetails:
    """The details of one account, which has none until it changes something of them."""

    account: str
    contact: Contact = field(default_factory=dict[str, str])
    """The primary contact; empty if none was given."""
    alternate_contacts: Mapping[str, Contact] = field(default_factory=dict[str, Contact])
    """`BILLING`, `OPERATIONS` or `SECURITY` to that contact."""
    regions: frozenset[str] = frozenset()
    """The Regions that it has enabled, of those that must be."""

    @property
    def id(self) -> str:
        """An account has one of them at most."""
        return self.account
