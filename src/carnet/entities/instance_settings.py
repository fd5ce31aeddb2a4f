"""What is set of an instance of IAM Identity Center, besides the people and permission sets in it.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DescribeInstance.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceSettings:
    """The settings of one instance; an instance without has the defaults."""

    id: str
    """The instance's id."""
    account: str
    """The account that owns the instance."""
    attributes: Mapping[str, str] | None = None
    """Attributes for access control, session tag to where its value comes from; None if they are not switched on."""
    regions: Mapping[str, int] = field(default_factory=dict[str, int])
    """Further Regions to since when, in epoch milliseconds."""
