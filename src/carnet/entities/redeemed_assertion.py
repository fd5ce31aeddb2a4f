"""Assertions that were redeemed, so that nobody redeems them again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

_SEPARATOR = "\0"


@dataclass(frozen=True, kw_only=True, slots=True)
class RedeemedAssertion:
    """One assertion and one role that was assumed with it; kept until the assertion is good no longer."""

    id: str
    account: str
    expires: datetime


def redeemed_id(provider_id: str, issuer: str, assertion_id: str, role_id: str) -> str:
    """What is unique of an assertion that was redeemed for a role. XML has no character that parts the texts."""
    return hashlib.sha256(_SEPARATOR.join((provider_id, issuer, assertion_id, role_id)).encode()).hexdigest()
