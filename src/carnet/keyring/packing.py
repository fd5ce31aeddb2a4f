"""Session claims as few bytes: JSON with one-letter names, compressed if that pays."""

from __future__ import annotations

import json
import zlib
from types import MappingProxyType
from typing import Any

from msgspec.json import Encoder
from msgspec.structs import fields

from carnet.keyring.session_claims import SessionClaims

MAX_UNPACKED_BYTES = 32_768
"""Room for 50 session tags of the greatest length, ten policy ARNs and a session policy."""

_FIELDS = fields(SessionClaims)
_NAMES = {field.encode_name: field.name for field in _FIELDS}
_MAPPINGS = ("tags", "provider_keys")
_TUPLES = ("transitive_tag_keys", "policies", "policy_arns", "scope_down")

_ENCODER = Encoder(enc_hook=dict)
"""Of what msgspec does not know, claims hold only mappings that cannot be changed."""

_PLAIN, _DEFLATED = b"\0", b"\1"
_WORTH_DEFLATING = 1024


def pack(claims: SessionClaims) -> bytes | None:
    """The claims as bytes; None if they are more than MAX_UNPACKED_BYTES."""
    text = _json(claims)
    if len(text) > MAX_UNPACKED_BYTES:
        return None
    if len(text) < _WORTH_DEFLATING:
        return _PLAIN + text
    return _DEFLATED + zlib.compress(text)


def unpack(packed: bytes) -> SessionClaims | None:
    """The claims that were packed; None if that is not what the bytes are.

    A claim of a name not known here makes all of it unreadable: it may be a restriction.
    """
    text = packed[1:] if packed[:1] == _PLAIN else _inflate(packed[1:]) if packed[:1] == _DEFLATED else None
    if text is None:
        return None
    try:
        told = json.loads(text.decode("utf-8", "surrogatepass"))
        return SessionClaims(**{_NAMES[letter]: _read_claim(_NAMES[letter], value) for letter, value in told.items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _json(claims: SessionClaims) -> bytes:
    try:
        return _ENCODER.encode(claims)
    except (UnicodeEncodeError, OverflowError):
        # A lone surrogate, which a session policy may hold, or a number of more than 64 bits.
        told = {field.encode_name: getattr(claims, field.name) for field in _FIELDS}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=dict).encode(
            "utf-8", "surrogatepass"
        )


def _inflate(deflated: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(deflated, MAX_UNPACKED_BYTES + 1)
    except zlib.error:
        return None
    return text if inflater.eof and not inflater.unused_data and len(text) <= MAX_UNPACKED_BYTES else None


def _read_claim(name: str, value: Any) -> Any:
    if name in _TUPLES:
        return tuple(value)
    # One opened token serves many requests, so none of them may change it.
    if name == "provider_keys":
        value = {key: one if isinstance(one, str) else tuple(one) for key, one in value.items()}
    return MappingProxyType(value) if name in _MAPPINGS else value
