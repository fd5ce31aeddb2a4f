"""Provisioned permission sets: the role that a permission set has become in an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carnet.entities.account_assignment import provisioned_id


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisionedPermissionSet:
    """What of a permission set is in force in an account, until it is provisioned again."""

    account: str
    """The account that owns the instance."""
    instance: str
    permission_set: str
    target: str
    """The account that the role is in."""
    role: str
    """The role's unique id (AROA...). INVARIANT: sessions are of this role alone, never of one of the same name."""
    content_hash: str
    """That of the permission set as it was provisioned."""
    session_seconds: int
    relay_state: str | None = None
    provisioned: datetime

    @property
    def id(self) -> str:
        return provisioned_id(self.permission_set, self.target)
