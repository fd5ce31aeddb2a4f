"""Passwords of people in an identity store of IAM Identity Center."""

from __future__ import annotations

import re
from dataclasses import dataclass

from carnet.entities.login_profile import LoginProfile

_LENGTHS = range(8, 65)
_CLASSES = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]")))
NOT_AGAIN = 3
"""How many passwords, the present one among them, cannot be used again."""
PERSON_RULE = (
    "A password has 8 to 64 characters, of all of these classes: uppercase letters, lowercase letters, numbers, and "
    "other characters. It is none of the last three."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonPassword(LoginProfile):
    """The password of a person, by whose id it is found. The account is that of the instance.

    INVARIANT: it is a kind of its own, so that no operation of IAM finds it.
    """

    @staticmethod
    def allows(password: str) -> bool:
        """Whether a person may have that password.

        https://docs.aws.amazon.com/singlesignon/latest/userguide/password-requirements.html
        """
        return len(password) in _LENGTHS and all(kind.search(password) for kind in _CLASSES)
