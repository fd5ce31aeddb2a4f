"""What an account asks of its users' passwords.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_REMEMBERED = 24
"""The largest number of passwords that a policy can keep from being used again."""
LONGEST_PASSWORD = 128
_UPPERCASE, _LOWERCASE, _NUMBER = re.compile("[A-Z]"), re.compile("[a-z]"), re.compile("[0-9]")
_SYMBOL = re.compile(r"[!@#$%^&*()_+\-=\[\]{}|']")
_CLASSES = (_UPPERCASE, _LOWERCASE, _NUMBER, _SYMBOL)
_DEFAULT_LENGTH, _DEFAULT_CLASSES = 8, 3

DEFAULT_RULE = (
    "A password has 8 to 128 characters, of three of these classes: uppercase letters, lowercase letters, numbers, and "
    "! @ # $ % ^ & * ( ) _ + - = [ ] { } | '. It is not the name or the email address of the account."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordPolicy:
    """An account's own policy; the defaults are what UpdateAccountPasswordPolicy sets for members not sent.

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
    """How many passwords, the present one among them, cannot be used again."""
    hard_expiry: bool = False

    def allows(self, password: str) -> bool:
        """Whether a password has the length and the classes of characters that are asked for."""
        asked = (self.require_uppercase, self.require_lowercase, self.require_numbers, self.require_symbols)
        return len(password) >= self.minimum_length and all(
            kind.search(password) for kind, wanted in zip(_CLASSES, asked, strict=True) if wanted
        )


def default_allows(password: str, *, account_name: str, email: str) -> bool:
    """Whether AWS's default policy does: that of accounts without one of their own, and of every root user."""
    classes = sum(kind.search(password) is not None for kind in _CLASSES)
    lengths = range(_DEFAULT_LENGTH, LONGEST_PASSWORD + 1)
    return len(password) in lengths and classes >= _DEFAULT_CLASSES and password not in (account_name, email)
