"""Private keys that sign what is said in SAML: assertions to applications, and requests to an identity provider.

The first of a tuple of keys signs; the other side is told the certificates of all.

https://docs.aws.amazon.com/singlesignon/latest/userguide/managesamlcerts.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.faults import InUse, Missing, TooMany

MOST_KEYS = 2
"""One that signs, and one that follows or has gone before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SamlSigningKey:
    """A private key, sealed, and its certificate."""

    id: str
    certificate: str
    """Base64 of DER."""
    sealed: bytes = field(repr=False)
    created: datetime
    expires: datetime
    """That of the certificate."""


SamlSigningKeys = tuple[SamlSigningKey, ...]


def check_room(keys: SamlSigningKeys) -> None:
    """Raise TooMany if there may be no further key."""
    if len(keys) >= MOST_KEYS:
        raise TooMany(f"There are {MOST_KEYS} keys already. Delete one of them.")


def signing_first(keys: SamlSigningKeys, key: str) -> SamlSigningKeys:
    """The keys, of which that one signs. Raises Missing."""
    return (_find_key(keys, key), *(each for each in keys if each.id != key))


def without(keys: SamlSigningKeys, key: str) -> SamlSigningKeys:
    """The keys but for one that does not sign. Raises Missing, InUse."""
    if _find_key(keys, key) is keys[0]:
        raise InUse("The key signs. Let another one sign first.")
    return tuple(each for each in keys if each.id != key)


def _find_key(keys: SamlSigningKeys, key: str) -> SamlSigningKey:
    found = next((each for each in keys if each.id == key), None)
    if found is None:
        raise Missing(f"There is no key {key}.")
    return found
