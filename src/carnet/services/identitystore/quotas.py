"""The quotas of an identity store.

https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityStoreQuotas:
    """AWS's defaults."""

    identity_store_users: int = 100_000
    identity_store_groups: int = 100_000


QUOTAS = IdentityStoreQuotas()
