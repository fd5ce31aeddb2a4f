"""Passwords for the console: those of users, and of the root user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_LoginProfile.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from carnet.entities.password_policy import PasswordPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginProfile:
    """The password of a user, or of the root user, who has one of them at most."""

    id: str
    """Of whom it is: a user's id (AIDA...) or, for the root user, the account's id."""
    account: str
    sealed_hashes: bytes = field(repr=False)
    """The hash of the password and of those before it, sealed (`identity.passwords`)."""
    created: datetime
    changed: datetime
    """When the password was last set."""
    reset_required: bool = False
    """Whether another password has to be set at the next sign-in."""
    max_session_seconds: int | None = None
    """How long a session of the console lasts at most; None for the usual time."""

    @property
    def of_root(self) -> bool:
        return self.id == self.account

    def expires(self, policy: PasswordPolicy | None) -> datetime | None:
        """When the password is too old under the account's policy; None for never. Root's never is."""
        if policy is None or policy.max_age_days is None or self.of_root:
            return None
        return self.changed + timedelta(days=policy.max_age_days)

    def is_expired(self, policy: PasswordPolicy | None, now: datetime) -> bool:
        """Whether it is; a policy acts at once, also on passwords that were set before it."""
        end = self.expires(policy)
        return end is not None and now >= end
