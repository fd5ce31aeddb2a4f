"""Groups of an identity store.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_Group.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.folding import folded
from carnet.entities.identity_store_user import external_key


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityStoreGroup:
    """One group. Who is in it, each `IdentityStoreMembership` says."""

    id: str
    """The digits of the identity store, a hyphen, and a UUID."""
    account: str
    """The account that owns the instance."""
    identity_store: str
    display_name: str
    description: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """Issuer to the group's id there."""
    revision: int = 1
    """How often the group was saved."""
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @property
    def name_key(self) -> str:
        """The display name as uniqueness sees it."""
        return folded(self.display_name)

    @property
    def external_keys(self) -> Iterator[str]:
        """What the group is found by in the directories of others."""
        return (external_key(issuer, key) for issuer, key in self.external_ids.items())
