"""AWS's unique identifiers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache

ACCESS_KEY, TEMPORARY_KEY = "AKIA", "ASIA"
USER, GROUP, ROLE = "AIDA", "AGPA", "AROA"
POLICY, POLICY_VERSION, INSTANCE_PROFILE = "ANPA", "ANVA", "AIPA"
SSH_PUBLIC_KEY, SERVICE_SPECIFIC_CREDENTIAL, SERVER_CERTIFICATE = "APKA", "ACCA", "ASCA"

_UUID_BYTES = 16
_UUIDS_AT_ONCE = 256
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_BASE32 = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
"""Each byte as one character of base32."""
_LOWERED = bytes(ord(_LOWER[byte % len(_LOWER)]) for byte in range(256))
"""Each byte as a lower-case letter or a digit; the first four of the alphabet come a little oftener."""
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_PAIR_SHIFTS = range(70, -1, -10)
"""Where the eight pairs of base32 characters stand in the 80 bits of a key's tail."""
_KEY_HEAD_BYTES = 6
_KEY_TAIL_BYTES = 4
_ACCOUNT_SHIFT = 7
_ACCOUNT_MASK = 0x7FFFFFFFFF80
_MODERN_KEY_BIT = 1 << 47

Entropy = Callable[[int], bytes]
"""Gives that many random bytes; `secrets.token_bytes` outside tests."""


class Ids:
    """Makes new identifiers from a source of entropy."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._drawn: list[str] = []
        """The next UUIDs. INVARIANT: no process is forked from one that has drawn."""

    def unique(self, prefix: str) -> str:
        """A 21-character principal or policy id: the prefix and 17 base32 characters."""
        return prefix + self._base32(17)

    def access_key(self, account: str) -> str:
        """A 20-character AKIA id from which the account can be read."""
        return ACCESS_KEY + key_tail(account, self._entropy(_KEY_TAIL_BYTES + 1))

    def signing_certificate(self) -> str:
        """A 32-character id, which has no prefix."""
        return self._base32(32)

    def account(self) -> str:
        """A 12-digit account id; never one that starts with 0, which spreadsheets lose."""
        return str(10**11 + int.from_bytes(self._entropy(8)) % (9 * 10**11))

    def organization(self) -> str:
        """`o-` and ten lower-case letters and digits."""
        return f"o-{self._lower(10)}"

    def root(self) -> str:
        """The id of an organization's root."""
        return f"r-{self._lower(4)}"

    def organizational_unit(self, root: str) -> str:
        """The id of an organizational unit below a root, of which it carries the id."""
        return f"ou-{root.removeprefix('r-')}-{self._lower(8)}"

    def organizations(self, prefix: str, length: int = 8) -> str:
        """The id of something else of an organization: `p-...`, `h-...`, `car-...`."""
        return f"{prefix}-{self._lower(length)}"

    def access_point(self) -> str:
        """What the alias of an access point of Amazon S3 has behind its name."""
        return self._lower(34)

    def _base32(self, count: int) -> str:
        return self._entropy(count).translate(_BASE32).decode("ascii")

    def _lower(self, count: int) -> str:
        return self._entropy(count).translate(_LOWERED).decode("ascii")

    def operator_token(self) -> str:
        """An id by which an operator token is listed and revoked; it proves nothing."""
        return "ot-" + self._entropy(8).hex()

    def hexadecimal(self, digits: int) -> str:
        """That many hexadecimal digits, an even number, as IAM Identity Center has them in its ids."""
        return self._entropy(digits // 2).hex()

    def saml(self) -> str:
        """An id of a SAML provider, or of one of its private keys: 32 base32 characters."""
        return self._base32(32)

    def random(self, count: int) -> bytes:
        """That many random bytes, for a secret of another form."""
        return self._entropy(count)

    def uuid(self) -> str:
        """A version 4 UUID, the form of AWS's request ids."""
        try:
            return self._drawn.pop()
        except IndexError:
            one, *self._drawn = self._draw()
            return one

    def two_uuids(self) -> tuple[str, str]:
        """One for a request and one for its audit event."""
        return self.uuid(), self.uuid()

    def _draw(self) -> list[str]:
        """Many UUIDs at once: every request needs two, and drawing takes longer than writing them."""
        text = self._entropy(_UUIDS_AT_ONCE * _UUID_BYTES).hex()
        return [_uuid(text[start : start + 2 * _UUID_BYTES]) for start in range(0, len(text), 2 * _UUID_BYTES)]

    def secret_access_key(self) -> str:
        """A 40-character secret of 240 random bits."""
        return base64.b64encode(self._entropy(30)).decode("ascii")


class GivenId(Ids):
    """Draws as others do, but that the first principal or policy id of its kind is a given one."""

    def __init__(self, others: Ids, given: str) -> None:
        super().__init__(others.random)
        self._given: str | None = given

    def unique(self, prefix: str) -> str:
        given = self._given
        if given is None or not given.startswith(prefix):
            return super().unique(prefix)
        self._given = None
        return given


def _uuid(digits: str) -> str:
    """32 hexadecimal digits as a version 4 UUID."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"


def key_tail(account: str, noise: bytes) -> str:
    """The 16 characters after AKIA or ASIA that carry `account` and five bytes of `noise`."""
    head = _MODERN_KEY_BIT | int(account) << _ACCOUNT_SHIFT | noise[0] & 0x7F
    bits = head << 8 * _KEY_TAIL_BYTES | int.from_bytes(noise[1 : 1 + _KEY_TAIL_BYTES])
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _PAIR_SHIFTS])


@lru_cache(16_384)
def account_of_key(key_id: str) -> str | None:
    """The account id inside an access key id; None if the text is not such an id."""
    try:
        head = int.from_bytes(base64.b32decode(key_id[4:])[:_KEY_HEAD_BYTES])
    except (binascii.Error, ValueError):
        return None
    account = (head & _ACCOUNT_MASK) >> _ACCOUNT_SHIFT
    return f"{account:012d}" if len(key_id) == 20 and account < 10**12 else None
