"""Tokens that callers hold and hand back: sealed, so that nobody has to store them.

A token is base64url of `version (1 byte) | kid (4) | salt (24) | commitment (16) | ciphertext | tag (16)`. The key that
encrypts it is derived from the data key named `kid` and the salt, as that of a session token is. The kind of token is
authenticated with it: one of another kind does not open.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from carnet.base import base64url
from carnet.base.keyed_hash import KeyedHash
from carnet.keyring.aead import KEY_BYTES, joined
from carnet.keyring.data_keys import KID_BYTES, Purpose
from carnet.keyring.keyring import Keyring

MAX_TOKEN_CHARACTERS = 12_288

_VERSION = b"\x01"
_LABEL = b"carnet-token-v1"
_SALT_BYTES = 24
_COMMITMENT_BYTES = 16
_SECRET_BYTES = 32
_NONCE = bytes(12)
"""INVARIANT: each token has an encryption key of its own, so that one nonce can serve them all."""
_SALT_AT = len(_VERSION) + KID_BYTES
_COMMITMENT_AT = _SALT_AT + _SALT_BYTES
_SEALED_AT = _COMMITMENT_AT + _COMMITMENT_BYTES


@dataclass(frozen=True, slots=True)
class OpenedToken:
    """What a genuine token says, and the secret that goes with it."""

    plain: bytes = field(repr=False)
    secret: str = field(repr=False)
    """For kinds that have one: it is derived from the token's own key, and stands nowhere."""


def seal_token(keyring: Keyring, purpose: Purpose, kind: str, plain: bytes) -> tuple[str, str]:
    """A new token of a kind, and the secret that goes with it."""
    key, salt = keyring.ring(purpose).primary, os.urandom(_SALT_BYTES)
    root = KeyedHash(hmac.digest(salt, key.secret, "sha256"))
    encryption_key, commitment = _derive_keys(root, kind)
    head = _VERSION + key.kid + salt + commitment
    sealed = AESGCM(encryption_key).encrypt(_NONCE, plain, _info(kind, b"aad"))
    return base64url.encode(head + sealed), _derive_secret(root, kind)


def open_token(keyring: Keyring, purpose: Purpose, kind: str, token: str) -> OpenedToken | None:
    """What a token says, if it was made here and is of that kind; None for all others, whatever they are."""
    raw = _decode(token)
    key = keyring.ring(purpose).get(raw[len(_VERSION) : _SALT_AT]) if raw is not None else None
    if raw is None or key is None or raw[: len(_VERSION)] != _VERSION:
        return None
    root = KeyedHash(hmac.digest(raw[_SALT_AT:_COMMITMENT_AT], key.secret, "sha256"))
    encryption_key, commitment = _derive_keys(root, kind)
    # AES-GCM alone lets one ciphertext open under two keys; the commitment lets it open under one.
    if not hmac.compare_digest(raw[_COMMITMENT_AT:_SEALED_AT], commitment):
        return None
    try:
        plain = AESGCM(encryption_key).decrypt(_NONCE, raw[_SEALED_AT:], _info(kind, b"aad"))
    except InvalidTag:
        return None
    return OpenedToken(plain, _derive_secret(root, kind))


def _derive_keys(root: KeyedHash, kind: str) -> tuple[bytes, bytes]:
    material = root.expanded(_info(kind, b"token"), KEY_BYTES + _COMMITMENT_BYTES)
    return material[:KEY_BYTES], material[KEY_BYTES:]


def _derive_secret(root: KeyedHash, kind: str) -> str:
    return base64url.encode(root.expanded(_info(kind, b"secret"), _SECRET_BYTES))


def _info(kind: str, use: bytes) -> bytes:
    return joined(_LABEL, kind.encode(), use)


def _decode(token: str) -> bytes | None:
    if len(token) > MAX_TOKEN_CHARACTERS:
        return None
    try:
        raw = base64url.decode(token)
    except ValueError:
        return None
    return raw if len(raw) >= _SEALED_AT else None
