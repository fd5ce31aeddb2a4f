"""Organizational units, and the root of an organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_getting-started_concepts.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from carnet.entities.entity import Tags

ROOT_NAME = "Root"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganizationalUnit:
    """A unit of an organization, or its root: that is the one without a parent."""

    id: str
    """`ou-<root>-...`, or `r-...` of the root."""
    organization: str
    parent: str | None
    """The id of the unit, or of the root, that it is in."""
    name: str
    attached: tuple[str, ...] = ()
    """The ids of the policies attached to it, in the order of attachment; without AWS's own."""
    full_access: bool = True
    """Whether FullAWSAccess is attached. It is attached from the start, and has an effect while SCPs are enabled."""
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def is_root(self) -> bool:
        return self.parent is None

    @property
    def resource(self) -> str:
        """What stands last in its ARN."""
        return f"{'root' if self.is_root else 'ou'}/{self.organization}/{self.id}"
