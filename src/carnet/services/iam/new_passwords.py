"""A password in a request: hashed before the transaction, and checked again in it."""

from __future__ import annotations

import os
from typing import NamedTuple

from carnet.base.faults import AlreadyExists, Refused
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.identity.passwords import HashedPassword
from carnet.services.iam import password_sentences
from carnet.services.iam.shapes import ROOT_NAME
from carnet.services.operation import Call
from carnet.services.preparing import Pool

HASHING = Pool(name="passwords", size=max(1, (os.cpu_count() or 1) // 2), waiting=32, seconds=2)
"""Half of the processors at most: the other half signs and decides, however many want to sign in."""


_UNKNOWN_BYTES = 32


class NewPassword(NamedTuple):
    """A password of a user, hashed."""

    before: LoginProfile | None
    """What the user had when it was hashed."""
    hashed: HashedPassword


def profile_of(call: Call, user: User | Account) -> LoginProfile | None:
    """The user's login profile, if the user has a password."""
    return call.view.of(LoginProfile).get(user.id)


def hash_for(call: Call, user: User, password: str) -> NewPassword:
    """Hash a password that the account's policy allows. Raises Refused for any other."""
    _check_characters(call.view.account, password)
    before = profile_of(call, user)
    hashed = call.parts.passwords.hashed(password, account=user.account, owner=user.id, before=before)
    return NewPassword(before, hashed)


def hash_unknown(call: Call) -> NewPassword:
    """Hash a password of the root user that nobody knows."""
    made = call.parts.passwords.hashed(
        call.ids.random(_UNKNOWN_BYTES).hex(), account=call.account, owner=call.account, before=None
    )
    return NewPassword(None, made)


def check_unknown(call: Call) -> bytes:
    """The login profile to store. Raises AlreadyExists if the root user has got a password in the meantime."""
    if profile_of(call, call.view.account) is not None:
        raise AlreadyExists(password_sentences.login_profile_exists(ROOT_NAME))
    prepared: NewPassword = call.prepared
    return prepared.hashed.sealed


def check_new(call: Call, user: User, password: str) -> bytes:
    """What is to be stored of the password that was hashed for this call. Raises Refused.

    INVARIANT: the policy, and the passwords before it, are those at the locked revision.
    """
    prepared: NewPassword = call.prepared
    if profile_of(call, user) != prepared.before:
        raise Refused("EntityTemporarilyUnmodifiable", password_sentences.login_profile_changing(user.name))
    account = call.view.account
    _check_characters(account, password)
    remembered = account.password_policy.reuse_prevention if account.password_policy is not None else None
    ago = prepared.hashed.passwords_ago
    if ago is not None and ago <= (remembered or 0):
        raise Refused("PasswordPolicyViolation", password_sentences.PASSWORD_USED_BEFORE)
    return prepared.hashed.sealed


def _check_characters(account: Account, password: str) -> None:
    if not account.allows_user_password(password):
        raise Refused("PasswordPolicyViolation", password_sentences.PASSWORD_AGAINST_POLICY)
