"""What users, groups, roles, policies and instance profiles have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.policy.patterns import ascii_lower

Tags = Mapping[str, str]
"""Tag key to value, in the order given. Those of users and roles are unique without regard to case, which they keep."""

Documents = Mapping[str, str]
"""Policy name to policy document, as the caller wrote it."""

name_key = ascii_lower
"""The form under which names and tag keys are unique."""


def tag_list(tags: Tags) -> list[dict[str, str]]:
    """Tags as the APIs of most services have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """A named entity of an account; `path` begins and ends with a slash."""

    resource_type: ClassVar[str]

    id: str
    account: str
    partition: str = DEFAULT_PARTITION
    path: str = "/"
    name: str
    created: datetime
    tags: Tags = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """`arn:<partition>:iam::<account>:<type><path><name>`."""
        return f"arn:{self.partition}:iam::{self.account}:{self.resource_type}{self.path}{self.name}"

    @property
    def name_key(self) -> str:
        """The name as uniqueness sees it."""
        # AWS's names are ASCII, and sorting a hundred thousand entities asks for as many of them.
        return self.name.lower() if self.name.isascii() else name_key(self.name)
