"""ID tokens: JWTs that tell a program who has signed in to it. AWS Sign-In exchanges its own ones for access tokens.

https://openid.net/specs/openid-connect-core-1_0.html#IDToken
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from carnet.base import base64url
from carnet.keyring.data_keys import DataKey, Purpose
from carnet.keyring.keyring import Keyring

_PARTS = 3


class _Header(Struct, frozen=True, kw_only=True):
    alg: str
    typ: str
    kid: str


class IdToken(Struct, frozen=True, kw_only=True):
    """What an ID token of `aws login` says that is looked at again."""

    iss: str
    sub: str
    """The ARN of the principal."""
    aud: str
    """The client that the principal has signed in to."""
    exp: int
    """In epoch seconds."""
    jti: str
    """The id of the session."""


def id_token(keyring: Keyring, claims: Mapping[str, Any]) -> str:
    """A JWT that tells a client who has signed in."""
    key = keyring.ring(Purpose.SIGN_IN_TOKENS).primary
    text = ".".join(map(_part, ({"alg": "HS256", "typ": "JWT", "kid": key.kid.hex()}, claims)))
    return f"{text}.{base64url.encode(_signature(key, text))}"


def opened_id_token(keyring: Keyring, text: str) -> IdToken | None:
    """What an ID token says, which may be of the past; None if `id_token` has not made it here.

    INVARIANT: what it says of its algorithm chooses nothing, and no claim is read before the signature is right.
    """
    parts = text.split(".")
    if len(parts) != _PARTS or not text.isascii():
        return None
    try:
        header = msgspec.json.decode(base64url.decode(parts[0]), type=_Header)
        key = keyring.ring(Purpose.SIGN_IN_TOKENS).get(bytes.fromhex(header.kid))
        if key is None or header.alg != "HS256":
            return None
        # The text of the signature is compared: base64 has several for the same bytes.
        right = base64url.encode(_signature(key, f"{parts[0]}.{parts[1]}"))
        if not hmac.compare_digest(right, parts[2]):
            return None
        return msgspec.json.decode(base64url.decode(parts[1]), type=IdToken)
    except (ValueError, msgspec.MsgspecError):
        return None


def _signature(key: DataKey, text: str) -> bytes:
    return hmac.digest(hmac.digest(key.secret, b"carnet-id-token-v1", "sha256"), text.encode(), "sha256")


def _part(content: Mapping[str, Any]) -> str:
    return base64url.encode(msgspec.json.encode(content))
