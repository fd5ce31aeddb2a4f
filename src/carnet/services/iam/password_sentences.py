"""The error sentences of passwords: login profiles, and the password policy of an account."""

from __future__ import annotations

# NoSuchEntity


def login_profile_missing(user: str) -> str:
    return f"Login Profile for User {user} cannot be found."


def password_policy_missing(account: str) -> str:
    return f"The Password Policy with domain name {account} cannot be found."


POLICY_OF_PASSWORDS_TO_REMOVE_MISSING = "The account policy with name PasswordPolicy cannot be found."

# EntityAlreadyExists


def login_profile_exists(user: str) -> str:
    return f"Login Profile for user {user} already exists."


# ValidationError and InvalidInput

PASSWORD_NEEDED = (
    "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"  # noqa: S105
)
ROOT_PASSWORD_GIVEN = "The root user sets its password itself: Password must be omitted."  # noqa: S105

# AccessDenied

OLD_PASSWORD_WRONG = "The old password was incorrect."  # noqa: S105 - a sentence

# InvalidUserType, PasswordPolicyViolation, EntityTemporarilyUnmodifiable

USERS_ONLY = "Only IAM Users can change their own password."
PASSWORD_AGAINST_POLICY = "Password does not conform to the account password policy."  # noqa: S105 - a sentence
PASSWORD_USED_BEFORE = "Policy constraint violation with password reuse prevention during password change."  # noqa: S105 - a sentence


def login_profile_changing(user: str) -> str:
    """The sentence for a call whose password was hashed while another call changed the user's."""
    return f"Login Profile for User {user} cannot be modified while login profile is being created."
