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

    def __init__(self, curve: EllipticCurve | None = None) -> None:
        self.key: EllipticCurvePrivateKey = generate_private_key(curve or SECP256R1())

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        size = (self.key.curve.key_size + 7) // 8
        x, y = (encoded(number.to_bytes(size)) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "x": x, "y": y, "crv": "P-256"}

    def proof(
        self, url: str, now: datetime, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None
    ) -> str:
        """A proof for a POST, with some members changed; None takes one out."""
        head = _changed({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}, header)
        told = {"htm": "POST", "htu": url, "iat": int(now.timestamp()), "jti": str(uuid.uuid4())}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, _changed(told, claims)))
        return f"{text}.{encoded(self._signature(text.encode()))}"

    def _signature(self, text: bytes) -> bytes:
        size = (self.key.curve.key_size + 7) // 8
        return b"".join(number.to_bytes(size) for number in decode_dss_signature(self.key.sign(text, ECDSA(SHA256()))))


def _changed(members: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (members | (changes or {})).items() if value is not None}
