"""Instance profiles: the container that hands a role to an EC2 instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from carnet.entities.entity import Entity

EC2 = "ec2.amazonaws.com"
"""The service principal that gets the role, and to which it is passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceProfile(Entity):
    """Holds one role at most."""

    resource_type: ClassVar[str] = "instance-profile"

    role: str | None = None
    """Id (AROA...) of the role inside."""
