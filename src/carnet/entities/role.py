"""IAM roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from carnet.entities.entity import Documents, Entity

PrincipalIds = Mapping[str, str]
"""ARN as written in a policy's Principal element, to the unique id it stood for when the policy was saved.

A user or role deleted and made again under its old name has another id, so an old grant does not reach it.
"""

SERVICE_LINKED_PATH = "/aws-service-role/"
RESERVED_PATH = "/aws-reserved/"
"""Where the roles are that AWS services make in accounts and keep to themselves: those of IAM Identity Center."""
RESERVED_ROLE = "AWSReservedSSO_"
"""What their names begin with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role(Entity):
    """An identity without credentials of its own, assumed by those whom its trust policy names."""

    resource_type: ClassVar[str] = "role"

    trust: str
    """The trust policy (AssumeRolePolicyDocument), as the caller wrote it, its principals by their ARNs."""
    trusted_ids: PrincipalIds = field(default_factory=dict[str, str])
    description: str | None = None
    max_session_seconds: int = 3600
    max_signin_seconds: int | None = None
    """How long somebody who signs in to the console with the role stays signed in at most; None for the usual time."""
    boundary: str | None = None
    attached: tuple[str, ...] = ()
    inline: Documents = field(default_factory=dict[str, str])
    linked_service: str | None = None
    """For a service-linked role, the service principal that it belongs to."""

    @property
    def is_reserved(self) -> bool:
        """Whether an AWS service alone may change it, in whatever way."""
        return self.path.startswith(RESERVED_PATH)

    def session_arn(self, session_name: str) -> str:
        """The ARN of a session of this role. It leaves out the role's path."""
        return f"arn:{self.partition}:sts::{self.account}:assumed-role/{self.name}/{session_name}"
