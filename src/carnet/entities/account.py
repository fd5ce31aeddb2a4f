"""AWS accounts and the settings that IAM keeps for each.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from carnet.base.arns import ACCOUNT_ID, root_arn
from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.password_policy import PasswordPolicy, default_allows

_NAME = re.compile(r"[\x20-\x7e]{1,50}")
_EMAIL = re.compile(
    r"""(?=.{6,64}\Z)
        (?!\.) [^\s"'()<>\[\]:;,\\|%&@]+ @
        (?![-.]) [A-Za-z0-9.-]+ \. [A-Za-z0-9.-]+ (?<![-.])""",
    re.ASCII | re.VERBOSE,
)

ID_RULE = "The id of an account has 12 digits."
NAME_RULE = "The name of an account has 1 to 50 printable ASCII characters."
EMAIL_RULE = "The email address of an account has 6 to 64 ASCII characters and looks like root@example.com."


def is_account_id(text: str) -> bool:
    """Whether it can be the id of an account."""
    return ACCOUNT_ID.fullmatch(text) is not None


def is_account_name(text: str) -> bool:
    """Whether AWS takes it for the name of an account."""
    return _NAME.fullmatch(text) is not None


def is_account_email(text: str) -> bool:
    """Whether AWS takes it for the email address of a root user."""
    return text.isascii() and _EMAIL.fullmatch(text) is not None


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

    def allows_user_password(self, password: str) -> bool:
        """Whether a user of the account may have that password, by its own policy or by AWS's default one."""
        policy = self.password_policy
        return self.allows_root_password(password) if policy is None else policy.allows(password)

    def allows_root_password(self, password: str) -> bool:
        """Whether the root user may: the account's own policy is not for it.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-password.html
        """
        return default_allows(password, account_name=self.name, email=self.email)
