"""Service-specific credentials: a name and a password, or an API key, for one service, with the user's permissions.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ServiceSpecificCredential.html
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceSpecificCredential:
    """A credential, of whose secret only the digest is kept. `owner` is the id (AIDA...) of its user."""

    id: str
    account: str
    owner: str
    active: bool = True
    service: str
    """Service principal of the one service that takes it."""
    service_name: str
    """What it is presented under: `jane-at-111122223333`. No two for one service are the same."""
    digest: str = field(repr=False)
    created: datetime
    expires: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now

    @property
    def presented_as(self) -> str:
        """What no two have together: the service, and the name that is presented to it."""
        return presented_as(self.service, self.service_name)


def presented_as(service: str, service_name: str) -> str:
    return f"{service} {service_name}"


def secret_digest(secret: str) -> str:
    """What is kept of a drawn secret: its SHA-256.

    A slow hash, as passwords need one, would add nothing to so many random bits.
    """
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
