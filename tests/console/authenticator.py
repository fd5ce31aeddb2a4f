"""An authenticator in software, as far as WebAuthn's server can tell: it makes passkeys, and signs challenges."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fido2 import cbor

from tests.console.browsing import ORIGIN

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class SecurityKeyModel:
    """A model of security keys, whose maker attests each of them."""

    def __init__(self, *, root: ec.EllipticCurvePrivateKey | None = None, aaguid: bytes | None = None) -> None:
        self.aaguid = aaguid or secrets.token_bytes(16)
        self.root_key = root or ec.generate_private_key(ec.SECP256R1())
        self.root = _certificate("Maker", self.root_key, self.root_key, ca=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _certificate("Batch", self._key, self.root_key, ca=False)

    def statement(self, signed: bytes) -> dict[str, Any]:
        """https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation"""
        return {"alg": -7, "sig": self._key.sign(signed, ec.ECDSA(SHA256())), "x5c": [self._certificate]}


def _certificate(name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, ca: bool) -> bytes:
    """In DER, as section 8.2.1 of WebAuthn wants those of attestation."""

    def named(common: str) -> x509.Name:
        given = {NameOID.COUNTRY_NAME: "US", NameOID.ORGANIZATION_NAME: "Maker", NameOID.COMMON_NAME: common}
        given[NameOID.ORGANIZATIONAL_UNIT_NAME] = "Authenticator Attestation"
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in given.items()])

    made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named("Maker")).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2050, 1, 1, tzinfo=UTC))
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return made.sign(by, SHA256()).public_bytes(Encoding.DER)


@dataclass(slots=True)
class Authenticator:
    """One passkey, in a browser that shows a page of `origin`."""

    origin: str = ORIGIN
    rp: str = "localhost"
    flags: int = PRESENT | VERIFIED
    framed: bool = False
    count: int = 0
    model: SecurityKeyModel | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def create(self, options: dict[str, Any], **altered: Any) -> dict[str, Any]:
        """What the browser sends of a new passkey."""
        point = self.key.public_key().public_numbers()
        public = cbor.encode({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        aaguid = bytes(16) if self.model is None else self.model.aaguid
        data = self._data(ATTESTED) + aaguid + len(self.id).to_bytes(2) + self.id + public
        client = self._client("webauthn.create", options["challenge"])
        attested: dict[str, Any] = {"fmt": "none", "attStmt": {}}
        if self.model is not None and options["attestation"] == "direct":
            attested = {"fmt": "packed", "attStmt": self.model.statement(data + hashlib.sha256(client).digest())}
        made = cbor.encode({**attested, "authData": data})
        return {**self._credential({"clientDataJSON": text(client), "attestationObject": text(made)}), **altered}

    def get(self, options: dict[str, Any], **altered: Any) -> dict[str, Any]:
        """What the browser sends of a challenge that was signed."""
        self.count += 1 if self.count else 0
        client, data = self._client("webauthn.get", options["challenge"]), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": None,
        }
        return {**self._credential(response), **altered}

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = text(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.framed}
        return json.dumps(told).encode()

    def _data(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.rp.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4)
