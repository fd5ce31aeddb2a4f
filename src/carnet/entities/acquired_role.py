"""Roles that were made from a role template.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcquireRole.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class AcquiredRole:
    """Where a role comes from; `id` is the role's own (AROA...)."""

    id: str
    account: str
    template: str
    """ARN of the role template."""
    minor_version: int
    parameters: str | None = None
    """A digest of the values that the template was filled with (`digest_of`); None for roles of earlier releases."""


def digest_of(values: Mapping[str, str | tuple[str, ...]]) -> str:
    """The same for the same values of parameters alone, and as long for many as for few: SHA-256, in hexadecimal."""
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
