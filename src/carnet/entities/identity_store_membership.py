"""That a person is in a group of the same identity store.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GroupMembership.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityStoreMembership:
    """One person in one group. It goes with either."""

    id: str
    """The digits of the identity store, a hyphen, and a UUID."""
    account: str
    """The account that owns the instance."""
    identity_store: str
    group: str
    """Id of the group."""
    member: str
    """Id of the person."""
    created: datetime
    created_by: str

    @property
    def pair(self) -> str:
        """Of which there is one membership at most."""
        return membership_pair(self.group, self.member)


def membership_pair(group: str, member: str) -> str:
    """The group and the person of those ids, as one text."""
    return f"{group} {member}"
