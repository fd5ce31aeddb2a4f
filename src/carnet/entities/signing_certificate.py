"""X.509 signing certificates of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SigningCertificate.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningCertificate:
    """A certificate. `owner` is a user's id (AIDA...) or, for one of the root user, the account id."""

    id: str
    account: str
    owner: str
    active: bool = True
    body: str
    """PEM, as it was uploaded."""
    fingerprint: str
    """SHA-256 of the certificate. No two of an account are the same."""
    created: datetime
