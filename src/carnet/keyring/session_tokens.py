"""Temporary credentials that nobody has to store.

A session token is base64url of `version (1 byte) | kid (4) | salt (24) | commitment (16) | ciphertext | tag (16)`. The
access key id and the secret access key that belong to it are not inside: they are derived, like the key that encrypts
the claims, from the data key named `kid` and the salt. So one token goes with one key id and one secret, and every
node that has the data key can check all three.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from carnet.base import base64url
from carnet.base.ids import TEMPORARY_KEY, key_tail
from carnet.base.keyed_hash import KeyedHash
from carnet.keyring.aead import KEY_BYTES, joined
from carnet.keyring.data_keys import KID_BYTES, Purpose
from carnet.keyring.errors import TokenTooLarge
from carnet.keyring.keyring import Keyring
from carnet.keyring.packing import pack, unpack
from carnet.keyring.session_claims import SessionClaims

MAX_TOKEN_CHARACTERS = 8192

_VERSION = b"\x01"
_LABEL = b"carnet-sts-v1"
_TOKEN_INFO = joined(_LABEL, b"token")
_SECRET_INFO = joined(_LABEL, b"secret")
"""What the key id stands behind."""
_AAD = joined(_LABEL)
"""What the data key's id and the key id stand behind."""
_SALT_BYTES = 24
_COMMITMENT_BYTES = 16
_NOISE_BYTES = 5
_SECRET_BYTES = 30
_NONCE = bytes(12)
"""INVARIANT: each token has an encryption key of its own, so that one nonce can serve them all."""

_SALT_AT = len(_VERSION) + KID_BYTES
_COMMITMENT_AT = _SALT_AT + _SALT_BYTES
_CLAIMS_AT = _COMMITMENT_AT + _COMMITMENT_BYTES
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCredentials:
    """What STS hands out: an ASIA key id from which the account can be read, a secret, a token."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """What a genuine token says, and the secret that goes with it."""

    claims: SessionClaims
    secret_access_key: str = field(repr=False)
    signing_keys: dict[str, KeyedHash] = field(default_factory=dict, repr=False, compare=False)
    """For whoever derives keys from the secret: they are kept as long as it is."""


class SessionTokens:
    """Makes and opens session tokens with the data keys of a keyring.

    `check_issuing` is called before each is made, and raises a Fault if none may be made now.
    """

    def __init__(
        self, keyring: Keyring, *, remembered: int = _REMEMBERED, check_issuing: Callable[[], None] | None = None
    ) -> None:
        self._check_issuing = check_issuing
        self._keyring = keyring
        self._opened = lru_cache(maxsize=remembered)(self._open)

    def check_issuing(self) -> None:
        """Raise a Fault if no token may be made now."""
        if self._check_issuing is not None:
            self._check_issuing()

    def issue(self, claims: SessionClaims) -> SessionCredentials:
        """Credentials for a session. Raises TokenTooLarge if policies and tags are too much for a token."""
        self.check_issuing()
        packed = pack(claims)
        if packed is None:
            raise TokenTooLarge("The session policies and tags are too large.")
        key, salt = self._keyring.rings[Purpose.SESSION_TOKENS].primary, os.urandom(_SALT_BYTES)
        root = _extract(key.secret, salt)
        derived = _derive(root)
        key_id = _key_id(claims.account, derived.noise)
        ciphertext = AESGCM(derived.encryption_key).encrypt(_NONCE, packed, _aad(key.kid, key_id))
        token = base64url.encode(_VERSION + key.kid + salt + derived.commitment + ciphertext)
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise TokenTooLarge("The session policies and tags are too large when packed.")
        return SessionCredentials(
            access_key_id=key_id, secret_access_key=_derive_secret(root, key_id), session_token=token
        )

    def open(self, access_key_id: str, token: str) -> OpenedSession | None:
        """What a token says, if it was issued here and with that key id; None for all others, whatever they are.

        The claims may be of the past: whether the session is over, or its principal gone, is for the caller to see.
        """
        try:
            return self._opened(access_key_id, token)
        except _Foreign:
            return None

    def _open(self, access_key_id: str, token: str) -> OpenedSession:
        raw = _decode(token)
        kid, salt = raw[len(_VERSION) : _SALT_AT], raw[_SALT_AT:_COMMITMENT_AT]
        key = self._keyring.rings[Purpose.SESSION_TOKENS].get(kid)
        if key is None or raw[: len(_VERSION)] != _VERSION:
            raise _Foreign
        root = _extract(key.secret, salt)
        derived = _derive(root)
        # AES-GCM alone lets one ciphertext open under two keys; the commitment lets it open under one.
        if not hmac.compare_digest(raw[_COMMITMENT_AT:_CLAIMS_AT], derived.commitment):
            raise _Foreign
        try:
            aad = _aad(kid, access_key_id)
            packed = AESGCM(derived.encryption_key).decrypt(_NONCE, raw[_CLAIMS_AT:], aad)
        except InvalidTag:
            raise _Foreign from None
        claims = unpack(packed)
        if claims is None or _key_id(claims.account, derived.noise) != access_key_id:
            raise _Foreign
        return OpenedSession(claims=claims, secret_access_key=_derive_secret(root, access_key_id))


class _Foreign(Exception):
    """Not a token of ours. Raised, not returned, so that forgeries do not push genuine tokens out of memory."""


class _Derived(NamedTuple):
    encryption_key: bytes
    commitment: bytes
    noise: bytes


def _extract(secret: bytes, salt: bytes) -> KeyedHash:
    """HKDF's first step. The second, for each use, is `KeyedHash.expanded`."""
    return KeyedHash(hmac.digest(salt, secret, "sha256"))


def _derive(root: KeyedHash) -> _Derived:
    material = root.expanded(_TOKEN_INFO, KEY_BYTES + _COMMITMENT_BYTES + _NOISE_BYTES)
    commitment_end = KEY_BYTES + _COMMITMENT_BYTES
    return _Derived(material[:KEY_BYTES], material[KEY_BYTES:commitment_end], material[commitment_end:])


def _derive_secret(root: KeyedHash, key_id: str) -> str:
    raw = root.expanded(_SECRET_INFO + joined(key_id.encode()), _SECRET_BYTES)
    return base64.b64encode(raw).decode("ascii")


def _key_id(account: str, noise: bytes) -> str:
    return TEMPORARY_KEY + key_tail(account, noise)


def _aad(kid: bytes, key_id: str) -> bytes:
    return _AAD + joined(kid, key_id.encode("utf-8", "surrogatepass"))


def _decode(token: str) -> bytes:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise _Foreign
    try:
        return base64url.decode(token)
    except ValueError:
        raise _Foreign from None
