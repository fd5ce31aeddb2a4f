"""Tokens by which an identity provider keeps an identity store up to date, by SCIM.

https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from carnet.entities.token_form import TokenForm

SCIM_TOKEN = TokenForm("carnet_scim_")
"""How every token begins. Scanners for secrets find one by `carnet_scim_[0-9a-f]{64}`."""
LIFETIME = timedelta(days=365)
MOST_TOKENS = 2
"""Of one identity store: one follows another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScimToken:
    """A token, of which only the digest is kept."""

    id: str
    account: str
    """The account that owns the instance."""
    identity_store: str
    digest: str = field(repr=False)
    created: datetime
    expires: datetime

    def is_good(self, now: datetime) -> bool:
        return now < self.expires
