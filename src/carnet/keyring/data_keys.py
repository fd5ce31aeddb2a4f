"""Data keys: what secrets are sealed with, one ring of them per purpose, each wrapped by the master key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from carnet.keyring.aead import KEY_BYTES, joined
from carnet.keyring.errors import KeyringError, WrongMasterKey
from carnet.keyring.master_key import MasterKey

KID_BYTES = 4
NEWEST_FORMAT = 2
"""The newest format of sealed values that this release writes and opens (`keyring.keyring`)."""

_WRAPPING = b"carnet-data-key-v1"
_WRAPPING_WITH_FLOOR = b"carnet-data-key-v2"


class Purpose(StrEnum):
    """What a data key is for. A key of one purpose opens nothing of another."""

    ACCESS_KEY_SECRETS = "access-key-secrets"
    SESSION_TOKENS = "session-tokens"
    MFA_SEEDS = "mfa-seeds"
    PASSWORDS = "passwords"
    SAML_PRIVATE_KEYS = "saml-private-keys"
    AUTHORIZATION_MESSAGES = "authorization-messages"
    ISSUER_KEYS = "issuer-keys"


class KeyState(StrEnum):
    """The life of a data key: every node has it before the first one seals with it, and long after the last one did."""

    STAGED = "staged"
    PRIMARY = "primary"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key as it is stored. `kid` is its name, 8 hexadecimal digits; all states open, only the primary seals."""

    kid: str
    purpose: str
    """A Purpose, or the word of a newer release for one that is not known here."""
    state: KeyState
    wrapped: bytes = field(repr=False)
    created: datetime
    floor: int = 1
    """The oldest format of sealed values that the key opens. INVARIANT: the master key authenticates it."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, open."""

    kid: bytes
    secret: bytes = field(repr=False)
    floor: int


class Ring:
    """The data keys of one purpose."""

    __slots__ = ("_keys", "primary")

    def __init__(self, primary: DataKey, others: Iterable[DataKey]) -> None:
        self.primary = primary
        self._keys = {key.kid: key for key in (primary, *others)}

    @property
    def floor(self) -> int:
        """The oldest format that any of the keys opens."""
        return min(key.floor for key in self._keys.values())

    def get(self, kid: bytes) -> DataKey | None:
        """The key of that name. INVARIANT: keys are found by name, never by trying which one fits."""
        return self._keys.get(kid)


def new_data_keys(
    master: MasterKey, *, now: datetime, present: Iterable[WrappedKey] = (), floor: int = NEWEST_FORMAT
) -> tuple[WrappedKey, ...]:
    """A first primary key for each purpose that has no key among those that are `present`."""
    purposes = {key.purpose for key in present}
    return tuple(
        new_data_key(master, purpose, KeyState.PRIMARY, now=now, floor=floor)
        for purpose in Purpose
        if purpose not in purposes
    )


def new_data_key(
    master: MasterKey, purpose: str, state: KeyState, *, now: datetime, floor: int = NEWEST_FORMAT
) -> WrappedKey:
    """One more key for a ring, wrapped at once."""
    kid = os.urandom(KID_BYTES).hex()
    wrapped = master.wrap(os.urandom(KEY_BYTES), _aad(kid, purpose, floor))
    return WrappedKey(kid=kid, purpose=purpose, state=state, wrapped=wrapped, created=now, floor=floor)


def with_floor(master: MasterKey, key: WrappedKey, floor: int) -> WrappedKey:
    """The same key, wrapped so that it opens no format older than `floor`. Raises WrongMasterKey."""
    wrapped = master.wrap(_unwrap(master, key).secret, _aad(key.kid, key.purpose, floor))
    return replace(key, wrapped=wrapped, floor=floor)


def open_ring(master: MasterKey, purpose: Purpose, wrapped_keys: Iterable[WrappedKey]) -> Ring:
    """Unwrap the keys of `purpose`.

    Raises WrongMasterKey if one does not unwrap, KeyringError unless there is exactly one primary key, and for a key
    that a newer release has bound to a format unknown here.
    """
    of_purpose = [key for key in wrapped_keys if key.purpose == purpose]
    primaries = [key for key in of_purpose if key.state is KeyState.PRIMARY]
    if len(primaries) != 1:
        raise KeyringError(f"There must be one primary data key for {purpose}; there are {len(primaries)}.")
    others = [_unwrap(master, key) for key in of_purpose if key.state is not KeyState.PRIMARY]
    return Ring(_unwrap(master, primaries[0]), others)


def _unwrap(master: MasterKey, key: WrappedKey) -> DataKey:
    if key.floor > NEWEST_FORMAT:
        raise KeyringError(f"Data key {key.kid} ({key.purpose}) is for secrets that only a newer Carnet can open.")
    secret = master.unwrap(key.wrapped, _aad(key.kid, key.purpose, key.floor))
    if secret is None:
        raise WrongMasterKey(
            f"The master key does not open data key {key.kid} ({key.purpose}). It is not the master key that this "
            "store was set up with, or the data key was altered."
        )
    return DataKey(bytes.fromhex(key.kid), secret, key.floor)


def _aad(kid: str, purpose: str, floor: int) -> bytes:
    if floor == 1:  # as it was wrapped before there was a second format
        return joined(_WRAPPING, kid.encode(), purpose.encode())
    return joined(_WRAPPING_WITH_FLOOR, kid.encode(), purpose.encode(), str(floor).encode())
