"""The accounts of an organization, as the organization knows them.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.entities.entity import Tags


class JoinedMethod(StrEnum):
    INVITED = "INVITED"
    CREATED = "CREATED"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganizationAccount:
    """Where an account is in the tree. What else is known of the account is the account's own (`Account`)."""

    id: str
    """The account's id."""
    organization: str
    parent: str
    """The id of the organizational unit, or of the root, that it is in."""
    joined_method: JoinedMethod
    joined: datetime
    attached: tuple[str, ...] = ()
    """As `OrganizationalUnit.attached`."""
    full_access: bool = True
    """As `OrganizationalUnit.full_access`."""
    delegations: Mapping[str, int] = field(default_factory=dict[str, int])
    """Service principals for which it is a delegated administrator, to since when, in epoch milliseconds."""
    tags: Tags = field(default_factory=dict[str, str])
