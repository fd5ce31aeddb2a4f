"""Applications of an instance of IAM Identity Center, which people get tokens for.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_Application.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.account_assignment import PrincipalType
from carnet.entities.entity import Tags

ENABLED, DISABLED = "ENABLED", "DISABLED"


@dataclass(frozen=True, kw_only=True, slots=True)
class SsoApplication:
    """One application. INVARIANT: no mapping of it is changed in place."""

    id: str
    """`apl-` and 16 hexadecimal digits."""
    account: str
    """The account that owns the instance."""
    instance: str
    partition: str = DEFAULT_PARTITION
    application_account: str
    """The account that made it."""
    provider: str
    """The ARN of its application provider."""
    name: str
    description: str | None = None
    portal: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """PortalOptions, as answers tell of them."""
    status: str = ENABLED
    created: datetime
    client_token: str | None = None
    assignment_required: bool = True
    scopes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Access scope to AuthorizedTargets, a list."""
    grants: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Grant type to the Grant."""
    methods: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Authentication method type to the AuthenticationMethod."""
    background_sessions: str = DISABLED
    """UserBackgroundSessionApplicationStatus."""
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:sso::{self.application_account}:application/{self.instance}/{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationAssignment:
    """That a person, or a group, may use an application."""

    account: str
    """The account that owns the instance."""
    instance: str
    application: str
    """Its id, `apl-...`"""
    principal_type: PrincipalType
    principal: str
    created: datetime

    @property
    def id(self) -> str:
        """INVARIANT: made of what is assigned, so that nothing is assigned twice."""
        return application_assignment_id(self.application, self.principal_type, self.principal)


def application_assignment_id(application: str, principal_type: str, principal: str) -> str:
    return f"{application}/{principal_type}/{principal}"
