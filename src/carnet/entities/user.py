"""IAM users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from carnet.entities.entity import Documents, Entity


@dataclass(frozen=True, kw_only=True, slots=True)
class User(Entity):
    """A person or program with long-term credentials of its own."""

    resource_type: ClassVar[str] = "user"

    boundary: str | None = None
    """ARN of the managed policy that is this user's permissions boundary."""
    groups: tuple[str, ...] = ()
    """Ids (AGPA...) of the groups the user is in, in the order of joining."""
    attached: tuple[str, ...] = ()
    """ARNs of attached managed policies, in the order of attaching."""
    inline: Documents = field(default_factory=dict[str, str])
