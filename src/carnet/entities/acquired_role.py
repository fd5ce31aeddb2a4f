"""Roles that were made from a role template.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcquireRole.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AcquiredRole:
    """Where a role comes from; `id` is the role's own (AROA...)."""

    id: str
    account: str
    template: str
    """ARN of the role template."""
    minor_version: int
