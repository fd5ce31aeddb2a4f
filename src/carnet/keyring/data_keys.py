"""Data keys: what secrets are sealed with, one ring of them per purpose, each wrapped by the master key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from carnet.base.timestamps import UNIX_EPOCH
from carnet.keyring.aead import KEY_BYTES, joined
from carnet.keyring.errors import KeyringError, WrongMasterKey
from carnet.keyring.master_key import MasterKey

KID_BYTES = 4
NEWEST_FORMAT = 2
"""The newest format of sealed values that this release writes and opens (`keyring.keyring`)."""

_WRAPPING = b"carnet-data-key-v1"
_WRAPPING_WITH_FLOOR = b"carnet-data-key-v2"
_WRAPPING_WITH_STATE = b"carnet-data-key-v3"


class Purpose(StrEnum):
    """What a data key is for. A key of one purpose opens nothing of another."""

    ACCESS_KEY_SECRETS = "access-key-secrets"
    SESSION_TOKENS = "session-tokens"
    MFA_SEEDS = "mfa-seeds"
    PASSWORDS = "passwords"
    SAML_PRIVATE_KEYS = "saml-private-keys"
    AUTHORIZATION_MESSAGES = "authorization-messages"
    """For what callers are given to hand back: encoded messages, and the trade-in tokens of delegation requests."""
    ISSUER_KEYS = "issuer-keys"
    AUDIT_CHECKPOINTS = "audit-checkpoints"
    SIGN_IN_TOKENS = "sign-in-tokens"
    """For codes, access tokens and refresh tokens of IAM Identity Center and of sign-in."""
    CLIENT_REGISTRATIONS = "client-registrations"


class KeyState(StrEnum):
    """The life of a data key: every node has it before the first one seals with it, and long after the last one did."""

    STAGED = "staged"
    """It opens, so that every node has it before a node seals with it."""
    PRIMARY = "primary"
    """It seals and opens."""
    RETIRED = "retired"
    """It opens what is not sealed anew yet, and what callers hold for a time: tokens and messages."""
    KEPT = "kept"
    """It opens nothing any more. It is kept, wrapped, for who has to read an old backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key as it is stored. `kid` is its name, 8 hexadecimal digits.

    INVARIANT: the master key authenticates all of it, so that nobody without it takes a key back to an earlier state
    but by putting a row back as it was.
    """

    kid: str
    purpose: str
    """A Purpose, or the word of a newer release for one that is not known here."""
    state: KeyState
    wrapped: bytes = field(repr=False)
    created: datetime
    floor: int = 1
    """The oldest format of sealed values that the key opens."""
    number: int = 1
    """Which key of its purpose it is: each is one more than the one before."""
    retired: datetime | None = None
    """Since when it seals no more."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, open."""

    kid: bytes
    secret: bytes = field(repr=False)
    floor: int
    number: int
    state: KeyState
    retired: datetime | None


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

    @property
    def kids(self) -> frozenset[str]:
        """The names of all keys."""
        return frozenset(kid.hex() for kid in self._keys)

    def of_state(self, state: KeyState) -> tuple[DataKey, ...]:
        """The keys of one state."""
        return tuple(key for key in self._keys.values() if key.state is state)

    def __iter__(self) -> Iterator[DataKey]:
        return iter(self._keys.values())

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
    master: MasterKey, purpose: str, state: KeyState, *, now: datetime, floor: int = NEWEST_FORMAT, number: int = 1
) -> WrappedKey:
    """One more key for a ring, wrapped at once."""
    kid = os.urandom(KID_BYTES).hex()
    key = WrappedKey(kid=kid, purpose=purpose, state=state, wrapped=b"", created=now, floor=floor, number=number)
    return _rewrap(master, key, os.urandom(KEY_BYTES))


def staged_after(master: MasterKey, keys: Iterable[WrappedKey], *, now: datetime) -> WrappedKey:
    """The key that will follow the newest of `keys`, which are those of one purpose."""
    newest = max(keys, key=lambda key: key.number)
    return new_data_key(master, newest.purpose, KeyState.STAGED, now=now, number=newest.number + 1)


def with_floor(master: MasterKey, key: WrappedKey, floor: int) -> WrappedKey:
    """The same key, wrapped so that it opens no format older than `floor`. Raises WrongMasterKey."""
    return _rewrap(master, replace(key, floor=floor), _unwrap(master, key).secret)


def moved_to(master: MasterKey, key: WrappedKey, state: KeyState, now: datetime) -> WrappedKey:
    """The same key in another state. Raises WrongMasterKey."""
    retired = now if state is KeyState.RETIRED else key.retired
    return _rewrap(master, replace(key, state=state, retired=retired), _unwrap(master, key).secret)


def rewrapped(master: MasterKey, new: MasterKey, key: WrappedKey) -> WrappedKey:
    """The same key under another master key. Raises WrongMasterKey."""
    return _rewrap(new, key, _unwrap_secret(master, key))


def check_opens(master: MasterKey, key: WrappedKey) -> None:
    """Raises WrongMasterKey unless `master` has wrapped the key as it is, KeyringError as `open_ring`."""
    _unwrap(master, key)


def open_ring(master: MasterKey, purpose: Purpose, wrapped_keys: Iterable[WrappedKey]) -> Ring:
    """Unwrap the keys of `purpose` that open something.

    Raises WrongMasterKey if one does not unwrap, KeyringError unless there is exactly one primary key, and for a key
    that a newer release has bound to a format unknown here.
    """
    of_purpose = [key for key in wrapped_keys if key.purpose == purpose and key.state is not KeyState.KEPT]
    primaries = [key for key in of_purpose if key.state is KeyState.PRIMARY]
    if len(primaries) != 1:
        raise KeyringError(f"There must be one primary data key for {purpose}; there are {len(primaries)}.")
    others = [_unwrap(master, key) for key in of_purpose if key.state is not KeyState.PRIMARY]
    return Ring(_unwrap(master, primaries[0]), others)


def _unwrap(master: MasterKey, key: WrappedKey) -> DataKey:
    if key.floor > NEWEST_FORMAT:
        raise KeyringError(f"Data key {key.kid} ({key.purpose}) is for secrets that only a newer Carnet can open.")
    return DataKey(bytes.fromhex(key.kid), _unwrap_secret(master, key), key.floor, key.number, key.state, key.retired)


def _unwrap_secret(master: MasterKey, key: WrappedKey) -> bytes:
    secret = master.unwrap(key.wrapped, _aad(key))
    if secret is None:
        raise WrongMasterKey(
            f"The master key does not open data key {key.kid} ({key.purpose}). It is not the master key that this "
            "store was set up with, or the data key was altered."
        )
    return secret


def _rewrap(master: MasterKey, key: WrappedKey, secret: bytes) -> WrappedKey:
    return replace(key, wrapped=master.wrap(secret, _aad(key)))


def _aad(key: WrappedKey) -> bytes:
    """The first key of a purpose is wrapped as it was before keys were rotated, so that older releases open it."""
    kid, purpose = key.kid.encode(), key.purpose.encode()
    if key.number > 1 or key.state is not KeyState.PRIMARY:
        numbers = (key.floor, key.number, _epoch_micros(key.created), _epoch_micros(key.retired))
        return joined(_WRAPPING_WITH_STATE, kid, purpose, key.state.encode(), *(str(each).encode() for each in numbers))
    if key.floor == 1:  # as it was wrapped before there was a second format
        return joined(_WRAPPING, kid, purpose)
    return joined(_WRAPPING_WITH_FLOOR, kid, purpose, str(key.floor).encode())


def _epoch_micros(moment: datetime | None) -> int:
    return 0 if moment is None else (moment - UNIX_EPOCH) // timedelta(microseconds=1)
