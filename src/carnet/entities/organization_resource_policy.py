"""The resource policy of an organization, which lets member accounts do what is otherwise the management account's.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from carnet.entities.entity import Tags


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganizationResourcePolicy:
    """An organization has one of them at most."""

    id: str
    """`rp-...`"""
    organization: str
    content: str
    """As the caller wrote it."""
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def resource(self) -> str:
        """What stands last in its ARN."""
        return f"resourcepolicy/{self.organization}/{self.id}"
