"""DPoP proofs, good ones and others."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Prover:
    """A program with a key."""

    def __init__(self, curve: EllipticCurve | None = None, key: EllipticCurvePrivateKey | None = None) -> None:
        self.key = key or generate_private_key(curve or SECP256R1())

    @property
    def coordinates(self) -> tuple[bytes, bytes]:
        numbers = self.key.public_key().public_numbers()
        size = (self.key.curve.key_size + 7) // 8
        return numbers.x.to_bytes(size), numbers.y.to_bytes(size)

    @property
    def jwk(self) -> dict[str, str]:
        x, y = (encoded(coordinate) for coordinate in self.coordinates)
        return {"kty": "EC", "x": x, "y": y, "crv": "P-256"}

    def proof(
        self, url: str, now: datetime, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None
    ) -> str:
        """A proof for a POST, with some members changed; None takes one out."""
        head = _changed({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}, header)
        told = {"htm": "POST", "htu": url, "iat": int(now.timestamp()), "jti": str(uuid.uuid4())}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, _changed(told, claims)))
        return f"{text}.{encoded(b''.join(self.signature(text.encode())))}"

    def signature(self, text: bytes) -> tuple[bytes, bytes]:
        """Both halves, with their leading zeros."""
        size = (self.key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(self.key.sign(text, ECDSA(SHA256())))
        return r.to_bytes(size), s.to_bytes(size)


def _changed(members: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (members | (changes or {})).items() if value is not None}
