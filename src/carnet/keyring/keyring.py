"""Secrets that must be read again, sealed at rest.

A sealed secret is `format (1 byte) | kid (4) | nonce (12) | ciphertext | tag (16)`. The row and column it belongs to
are authenticated with it, so it opens nowhere else; since format 2, the owner that the row names is too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from carnet.keyring.aead import Aead, joined
from carnet.keyring.data_keys import KID_BYTES, NEWEST_FORMAT, Purpose, Ring, WrappedKey, open_ring
from carnet.keyring.errors import KeyringError, Unsealable
from carnet.keyring.master_key import MasterKey

_FORMAT_BYTES = 1
_HEADER_BYTES = _FORMAT_BYTES + KID_BYTES


@dataclass(frozen=True, slots=True)
class SealContext:
    """Where a sealed secret lives: table, column, account and the key of its row, and the id of its owner."""

    table: str
    column: str
    account: str
    key: str
    owner: str
    purpose: Purpose = Purpose.ACCESS_KEY_SECRETS

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.key} (account {self.account})"


class Keyring:
    """The open data keys of a store, one ring per purpose."""

    __slots__ = ("agreed_format", "rings")

    def __init__(self, rings: Mapping[Purpose, Ring]) -> None:
        self.rings = rings
        """The data keys by purpose, as they are now: `adopt` puts others in their place."""
        self.agreed_format = 1
        """The newest format that every live node opens."""

    @classmethod
    def unwrap(cls, master: MasterKey, wrapped_keys: Iterable[WrappedKey]) -> Self:
        """Open every data key.

        Raises WrongMasterKey if `master` does not open one, KeyringError if the ring of a purpose lacks its
        primary key or two keys have one name.
        """
        keys = tuple(wrapped_keys)
        if len({key.kid for key in keys}) != len(keys):
            raise KeyringError("Two data keys have the same kid.")
        return cls({purpose: open_ring(master, purpose, keys) for purpose in Purpose})

    def adopt(self, newer: Keyring) -> None:
        """Go on with the data keys of the store as they are now. Raises KeyringError.

        INVARIANT: a process that has seen a floor, or a primary key, never goes back, whatever the database says.
        """
        for purpose, (floor, number) in self.reached.items():
            ring = newer.ring(purpose)
            if ring.floor < floor:
                raise KeyringError(f"The data keys for {purpose} would open older formats than before.")
            if ring.primary.number < number:
                raise KeyringError(f"The data key for {purpose} would be an older one than before.")
        self.rings = newer.rings

    @property
    def reached(self) -> dict[Purpose, tuple[int, int]]:
        """How far each ring has come: its floor, and the number of its primary key."""
        return {purpose: (ring.floor, ring.primary.number) for purpose, ring in self.rings.items()}

    def head(self, purpose: Purpose) -> bytes:
        """What each value begins with that is sealed now: format and name of the key."""
        key = self.rings[purpose].primary
        return max(key.floor, self.agreed_format).to_bytes(_FORMAT_BYTES) + key.kid

    def ring(self, purpose: Purpose) -> Ring:
        """The data keys of one purpose."""
        return self.rings[purpose]

    def seal(self, plain: bytes, *, context: SealContext) -> bytes:
        """Encrypt with the primary key, for this place only, in the newest format that every live node opens."""
        key = self.rings[context.purpose].primary
        head = max(key.floor, self.agreed_format).to_bytes(_FORMAT_BYTES) + key.kid
        return head + Aead(key.secret).encrypt(plain, _aad(head, context))

    def open(self, sealed: bytes, *, context: SealContext) -> bytes:
        """Decrypt what was sealed for this place. Raises Unsealable."""
        head = sealed[:_HEADER_BYTES]
        key = self.rings[context.purpose].get(head[_FORMAT_BYTES:])
        if key is None or not key.floor <= format_of(sealed) <= NEWEST_FORMAT:
            raise Unsealable(f"The secret in {context} was sealed with a key or in a format that is not taken here.")
        plain = Aead(key.secret).decrypt(sealed[_HEADER_BYTES:], _aad(head, context))
        if plain is None:
            raise Unsealable(f"The secret in {context} was altered, or belongs elsewhere.")
        return plain


def format_of(sealed: bytes) -> int:
    """The format that a sealed secret says it is in; 0 for none."""
    return int.from_bytes(sealed[:_FORMAT_BYTES])


def kid_of(sealed: bytes) -> str:
    """The name of the data key that a sealed secret says it is sealed with."""
    return sealed[_FORMAT_BYTES:_HEADER_BYTES].hex()


def _aad(head: bytes, context: SealContext) -> bytes:
    """Additional data: format, kid, table, column, account and key; since format 2, the owner."""
    place = (context.table, context.column, context.account, context.key)
    row = place if format_of(head) == 1 else (*place, context.owner)
    return joined(head[:_FORMAT_BYTES], head[_FORMAT_BYTES:], *(part.encode() for part in row))
