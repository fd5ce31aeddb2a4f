"""What a document wants an organization to be.

Ids are those of the document; what is made has others if something else has them. A member that the document does not
have is None here, and is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from carnet.entities.entity import Tags
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import JoinedMethod
from carnet.entities.organization_policy import PolicyType


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUnit:
    """A unit, or the root: that is the one without a parent. `place` is its path in the document, as jq writes it."""

    place: str
    id: str
    parent: str | None
    name: str
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMember:
    """An account of the organization."""

    place: str
    id: str
    name: str
    email: str
    parent: str
    joined_method: JoinedMethod
    closed: bool | None = None
    closed_since: datetime | None = None
    """When it was closed, if that is known; it tells nothing of one that is open."""
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOrganizationPolicy:
    """A policy that a customer wrote."""

    place: str
    id: str
    type: PolicyType
    name: str
    description: str
    content: str
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """An organization, parents before what is in them."""

    id: str | None
    management: str
    feature_set: FeatureSet
    policy_types: tuple[str, ...]
    root: WantedUnit
    units: tuple[WantedUnit, ...]
    members: tuple[WantedMember, ...]
    """With the management account."""
    policies: tuple[WantedOrganizationPolicy, ...]
    attached: Mapping[str, tuple[str, ...]] | None
    """Id of a root, unit or account to the ids of the policies attached to it, AWS's own among them."""
    delegations: Mapping[str, tuple[str, ...]] | None
    """Account to the service principals for which it is a delegated administrator."""
    trusted_services: tuple[str, ...] | None
    resource_policy: str | None
