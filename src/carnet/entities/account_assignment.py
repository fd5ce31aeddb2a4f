"""Account assignments: who has which permission set in which account.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AccountAssignment.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PrincipalType(StrEnum):
    """To whom a permission set or an application is assigned."""

    USER = "USER"
    GROUP = "GROUP"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountAssignment:
    """That a person, or a group, of the identity store has a permission set in an account."""

    account: str
    """The account that owns the instance."""
    instance: str
    permission_set: str
    """Its id, `ps-...`"""
    target: str
    """The account that the permission set is assigned in."""
    principal_type: PrincipalType
    principal: str
    """The id of a user or group of the identity store."""
    created: datetime

    @property
    def id(self) -> str:
        """INVARIANT: made of what is assigned, so that nothing is assigned twice."""
        return assignment_id(self.permission_set, self.target, self.principal_type, self.principal)

    @property
    def provisioned(self) -> str:
        """The id of the `ProvisionedPermissionSet` that it rests on."""
        return provisioned_id(self.permission_set, self.target)


def assignment_id(permission_set: str, target: str, principal_type: str, principal: str) -> str:
    return f"{permission_set}/{target}/{principal_type}/{principal}"


def provisioned_id(permission_set: str, target: str) -> str:
    return f"{permission_set}/{target}"
