"""The policies of resources that stand behind the gateway.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.entities.role import PrincipalIds


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceBasedPolicy:
    """The policy of one resource, which an upstream has and knows nothing of the policy."""

    arn: str
    """The resource's."""
    account: str
    """The account that owns the resource."""
    document: str
    """As it was written, but for its principals (`services.bound_principals`)."""
    principal_ids: PrincipalIds = field(default_factory=dict[str, str])
    changed: datetime
