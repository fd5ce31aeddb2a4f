"""The grants on one key of AWS KMS, each of which lets one principal use the key.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.entities.role import PrincipalIds


class ConstraintType(StrEnum):
    """How a grant binds its grantee to an encryption context."""

    EQUALS = "EncryptionContextEquals"
    SUBSET = "EncryptionContextSubset"


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """What the encryption context of a request has to be, or to have."""

    type: ConstraintType
    context: Mapping[str, str]

    def holds(self, context: Mapping[str, str]) -> bool:
        """Whether a request with that encryption context is within it. Names and values have their case."""
        if self.type is ConstraintType.EQUALS:
            return dict(context) == dict(self.context)
        return self.context.items() <= context.items()

    def includes(self, other: Constraint | None) -> bool:
        """Whether whatever is within another is within this one."""
        if other is None or (self.type is ConstraintType.EQUALS and other.type is not ConstraintType.EQUALS):
            return False
        return self.holds(other.context)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyGrant:
    """One grant."""

    id: str
    token: str
    name: str
    """Empty for none."""
    grantee: str
    """An ARN, or the name of a service of AWS."""
    retiring: str
    """Who else may retire it, in the same way; empty for none."""
    principal_ids: PrincipalIds = field(default_factory=dict[str, str])
    operations: tuple[str, ...]
    constraint: Constraint | None = None
    source_arn: str = ""
    """The resource in whose behalf a service has to ask: of grants to services, and of no others."""
    issuer: str
    """The account in which it was created."""
    created: datetime

    @property
    def retired_by(self) -> str:
        """What stays of who may retire it under another name: a unique id, if there is one; empty for nobody."""
        return self.principal_ids.get(self.retiring, self.retiring)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyGrants:
    """All grants on one key."""

    arn: str
    """The key's."""
    account: str
    """The account that owns the key."""
    grants: tuple[KeyGrant, ...]

    @property
    def retired_by(self) -> frozenset[str]:
        """Who may retire one of them, each as `KeyGrant.retired_by`."""
        return frozenset(one.retired_by for one in self.grants if one.retiring)

    def by_id(self, grant_id: str) -> KeyGrant | None:
        """The grant of that id."""
        return next((one for one in self.grants if one.id == grant_id), None)

    def without(self, grant: KeyGrant) -> tuple[KeyGrant, ...]:
        """The others."""
        return tuple([one for one in self.grants if one.id != grant.id])
