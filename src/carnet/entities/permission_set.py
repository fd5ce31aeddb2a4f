"""Permission sets: what the people and groups who are assigned one may do in an account.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionSet.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.entity import Tags

DEFAULT_DURATION = "PT1H"


class PolicyReference(NamedTuple):
    """A customer managed policy, which each account that the set is provisioned to has its own of."""

    name: str
    path: str = "/"

    def arn(self, partition: str, account: str) -> str:
        return f"arn:{partition}:iam::{account}:policy{self.path}{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PermissionSet:
    """One permission set of an instance of IAM Identity Center."""

    id: str
    """`ps-` and 16 hexadecimal digits."""
    account: str
    """The account that owns the instance."""
    instance: str
    """`ssoins-...`"""
    partition: str = DEFAULT_PARTITION
    name: str
    description: str | None = None
    created: datetime
    session_duration: str = DEFAULT_DURATION
    """ISO 8601, as it was given."""
    relay_state: str | None = None
    managed: tuple[str, ...] = ()
    """ARNs of AWS managed policies."""
    customer: tuple[PolicyReference, ...] = ()
    inline: str | None = None
    boundary: str | PolicyReference | None = None
    """The permissions boundary: the ARN of an AWS managed policy, or a customer managed policy."""
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:sso:::permissionSet/{self.instance}/{self.id}"

    @property
    def unique_name(self) -> str:
        """What is unique in the account: names are by instance."""
        return f"{self.instance}/{self.name}"

    @property
    def content_hash(self) -> str:
        """Says whether what was provisioned to an account is what the set says now."""
        content = (
            self.description,
            self.session_duration,
            self.relay_state,
            sorted(self.managed),
            sorted(self.customer),
            self.inline,
            self.boundary,
        )
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()
