"""Secrets that must be read again, sealed at rest.

A sealed secret is `version (1 byte) | kid (4) | nonce (12) | ciphertext | tag (16)`. The row and column it belongs to
are authenticated with it, so it opens nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from carnet.keyring.aead import Aead, joined
from carnet.keyring.data_keys import KID_BYTES, Purpose, Ring, WrappedKey, open_ring
from carnet.keyring.errors import KeyringError, Unsealable
from carnet.keyring.master_key import MasterKey

_VERSION = b"\x01"
_HEADER_BYTES = len(_VERSION) + KID_BYTES


@dataclass(frozen=True, slots=True)
class SealContext:
    """Where a sealed secret lives: table, column, account and the key of its row."""

    table: str
    column: str
    account: str
    key: str
    purpose: Purpose = Purpose.ACCESS_KEY_SECRETS

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.key} (account {self.account})"


class Keyring:
    """The open data keys of a store, one ring per purpose."""

    __slots__ = ("_rings",)

    def __init__(self, rings: Mapping[Purpose, Ring]) -> None:
        self._rings = rings

    @classmethod
    def unwrap(cls, master: MasterKey, wrapped_keys: Iterable[WrappedKey]) -> Self:
        """Open every data key.

        Raises WrongMasterKey where `master` does not open one, KeyringError where the ring of a purpose lacks its
        primary key or two keys have one name.
        """
        keys = tuple(wrapped_keys)
        if len({key.kid for key in keys}) != len(keys):
            raise KeyringError("Two data keys have the same kid.")
        return cls({purpose: open_ring(master, purpose, keys) for purpose in Purpose})

    def ring(self, purpose: Purpose) -> Ring:
        """The data keys of one purpose."""
        return self._rings[purpose]

    def seal(self, plain: bytes, *, context: SealContext) -> bytes:
        """Encrypt with the primary key, for this place only."""
        key = self._rings[context.purpose].primary
        return _VERSION + key.kid + Aead(key.secret).encrypt(plain, _aad(key.kid, context))

    def open(self, sealed: bytes, *, context: SealContext) -> bytes:
        """Decrypt what was sealed for this place. Raises Unsealable."""
        version, kid = sealed[: len(_VERSION)], sealed[len(_VERSION) : _HEADER_BYTES]
        key = self._rings[context.purpose].get(kid) if version == _VERSION else None
        if key is None:
            raise Unsealable(f"The secret in {context} was sealed with a key that is not in the ring.")
        plain = Aead(key.secret).decrypt(sealed[_HEADER_BYTES:], _aad(kid, context))
        if plain is None:
            raise Unsealable(f"The secret in {context} was altered, or belongs elsewhere.")
        return plain


def _aad(kid: bytes, context: SealContext) -> bytes:
    row = (context.table, context.column, context.account, context.key)
    return joined(_VERSION, kid, *(part.encode() for part in row))
