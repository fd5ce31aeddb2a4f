"""IAM groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from carnet.entities.entity import Documents, Entity


@dataclass(frozen=True, kw_only=True, slots=True)
class Group(Entity):
    """A set of users who share permissions. It is no principal, and it has no tags and no boundary."""

    resource_type: ClassVar[str] = "group"

    attached: tuple[str, ...] = ()
    inline: Documents = field(default_factory=dict[str, str])
