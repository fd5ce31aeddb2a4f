"""SSH public keys of users.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SSHPublicKey.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SshPublicKey:
    """An RSA key; `owner` is the id (AIDA...) of the user whom it authenticates."""

    id: str
    account: str
    owner: str
    active: bool = True
    body: str
    """As it was uploaded: a line of `ssh-rsa`, or PEM."""
    fingerprint: str
    """MD5 of the key as SSH sends it, in pairs of hexadecimal digits between colons."""
    created: datetime
