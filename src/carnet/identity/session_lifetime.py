"""How long a session lives that was made with another session (role chaining).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from __future__ import annotations

from enum import StrEnum


class SessionLifetime(StrEnum):
    """How long a session lives that was made with a session."""

    AWS = "aws"
    """As on AWS: up to an hour, even if its parent expires before."""
    PARENT = "parent"
    """No longer than its parent."""

    def end_ms(self, wanted_ms: int, parents_ms: int) -> int:
        """When a session ends that is to end at `wanted_ms`, and is made with one that ends at `parents_ms`."""
        return min(wanted_ms, parents_ms) if self is SessionLifetime.PARENT else wanted_ms
