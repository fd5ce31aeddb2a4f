"""Trusted token issuers: whose tokens applications may exchange.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateTrustedTokenIssuer.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.entity import Tags


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedTokenIssuer:
    """One issuer of JSON web tokens, found by OpenID Connect discovery."""

    id: str
    """`tti-` and a UUID."""
    account: str
    """The account that owns the instance."""
    instance: str
    partition: str = DEFAULT_PARTITION
    name: str
    issuer_url: str
    claim: str
    """The claim that says whom a token is of (ClaimAttributePath)."""
    attribute: str
    """The attribute of people that has the same value (IdentityStoreAttributePath)."""
    created: datetime
    client_token: str | None = None
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:sso::{self.account}:trustedTokenIssuer/{self.instance}/{self.id}"
