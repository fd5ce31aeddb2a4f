"""AWS accounts and the settings that IAM keeps for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carnet.base.arns import DEFAULT_PARTITION, root_arn


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordPolicy:
    """An account's password policy; the defaults are what UpdateAccountPasswordPolicy sets for members not sent.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
    """

    minimum_length: int = 6
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase: bool = False
    require_lowercase: bool = False
    allow_users_to_change: bool = False
    max_age_days: int | None = None
    reuse_prevention: int | None = None
    hard_expiry: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One AWS account. Its root user is not an entity of its own: it is the account."""

    id: str
    partition: str = DEFAULT_PARTITION
    name: str
    email: str
    created: datetime
    alias: str | None = None
    password_policy: PasswordPolicy | None = None

    @property
    def root_arn(self) -> str:
        return root_arn(self.partition, self.id)
