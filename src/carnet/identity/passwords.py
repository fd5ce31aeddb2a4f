"""Stored passwords: hashed, and the hashes sealed.

INVARIANT: a sealed hash is bound to its owner. So somebody who can write to the database, but does not have the master
key, cannot set a password, and somebody who reads it cannot guess one.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field

from carnet.base.ids import Entropy
from carnet.entities.login_profile import LoginProfile
from carnet.entities.password_policy import MOST_REMEMBERED
from carnet.identity.password_hashing import SALT_BYTES, HashCost, password_hash, salt_of, same_passwords
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedPassword:
    """A password that may be stored."""

    sealed: bytes = field(repr=False)
    """For `LoginProfile.sealed_hashes`: its hash, and the hashes of earlier passwords."""
    passwords_ago: int | None
    """1 if it equals the present password, 2 if the one before ...; None if it equals none that is remembered."""


class Passwords:
    """Hashes passwords and compares them. Both take long: they run in a pool (`services.preparing`)."""

    def __init__(self, keyring: Keyring, entropy: Entropy, cost: HashCost) -> None:
        self._keyring = keyring
        self._entropy = entropy
        self._cost = cost
        self._no_salt = entropy(SALT_BYTES)

    def hashed(self, password: str, *, account: str, owner: str, before: LoginProfile | None) -> HashedPassword:
        """A new password of a user (by id) or of the root user (by the account's id). `before` holds the earlier ones.

        All passwords of a profile share one salt, so that one hash shows whether the password was used before.
        """
        old = self._hashes(before) if before is not None else ()
        salt = salt_of(old[0]) if old else self._entropy(SALT_BYTES)
        new = password_hash(password, salt, self._cost)
        same = same_passwords(password, old, new)
        kept = [new, *old][:MOST_REMEMBERED]
        return HashedPassword(
            sealed=self._keyring.seal(json.dumps(kept).encode("ascii"), context=hashes_context(account, owner)),
            passwords_ago=same.index(True) + 1 if any(same) else None,
        )

    def is_right(self, profile: LoginProfile | None, password: str) -> bool:
        """Whether it is the password. It takes one hash, whether or not there is a password."""
        hashes = self._hashes(profile) if profile is not None else ()
        if not hashes:
            password_hash(password, self._no_salt, self._cost)
            return False
        return all(same_passwords(password, hashes[:1]))

    def _hashes(self, profile: LoginProfile) -> tuple[str, ...]:
        """The hashes, the newest first; none if they cannot be opened, so that no password is right."""
        try:
            plain = self._keyring.open(profile.sealed_hashes, context=hashes_context(profile.account, profile.id))
        except Unsealable as problem:
            _LOG.error("%s", problem)
            return ()
        return tuple(json.loads(plain))


def hashes_context(account: str, owner: str) -> SealContext:
    """The context that the hashes of a password are bound to."""
    return SealContext(
        table="login_profiles",
        column="sealed_hashes",
        account=account,
        key=owner,
        owner=owner,
        purpose=Purpose.PASSWORDS,
    )
