"""Managed policies: customer-managed ones, and those of AWS (account `aws`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from carnet.entities.entity import Entity

AWS_ACCOUNT = "aws"
"""What stands in an AWS-managed policy's ARN if others have an account id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyVersion:
    """One version of a managed policy; `number` 3 is called `v3`."""

    number: int
    document: str
    created: datetime

    @property
    def name(self) -> str:
        return f"v{self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedPolicy(Entity):
    """A policy with an ARN of its own, attached to users, groups and roles or set as a boundary."""

    resource_type: ClassVar[str] = "policy"

    description: str | None = None
    updated: datetime
    versions: tuple[PolicyVersion, ...]
    """Oldest first, never empty, five at most."""
    default_version: int
    next_version: int
    """INVARIANT: greater than every number ever given out, so a deleted version's name is never reused."""
    attachable: bool = True

    @property
    def document(self) -> str:
        """The default version's document: the one in force."""
        return self.version(self.default_version).document

    def version(self, number: int) -> PolicyVersion:
        """The version of that number; KeyError if there is none."""
        for version in self.versions:
            if version.number == number:
                return version
        raise KeyError(number)
