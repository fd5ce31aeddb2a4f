"""The public keys of an issuer: its JSON Web Key Set.

https://www.rfc-editor.org/rfc/rfc7517
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html#manage-oidc-provider-prerequisites
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from carnet.oidc import refusals
from carnet.oidc.json_object import read_object

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

MOST_KEYS = 100
"""The most keys of each type that are kept of an issuer."""
_MOST_OBJECTS = 10 * MOST_KEYS
"""In a whole document: more are not even read, which takes long."""
_LONGEST_KID = 1024
_RSA_BITS = range(2048, 8193)
"""Shorter ones are weak, and a longer one takes long to verify with."""
CURVES: Mapping[str, str] = MappingProxyType({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"})
ALGORITHMS = frozenset(("RS256", "RS384", "RS512", *CURVES))
"""INVARIANT: each verifies with a public key. None takes a secret, which a public key could be passed off as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key that verifies signatures."""

    kid: str | None
    algorithm: str | None
    """The only algorithm that the key is for, if its issuer says so."""
    type: str
    curve: str
    key: Any
    """As `cryptography` has it."""

    def fits(self, algorithm: str) -> bool:
        """Whether the key is for signatures of that algorithm."""
        if self.algorithm not in (None, algorithm):
            return False
        curve = CURVES.get(algorithm)
        return self.type == "RSA" if curve is None else (self.type, self.curve) == ("EC", curve)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one issuer."""

    keys: tuple[Key, ...]

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key that a token names. One that names none is of the only key that there is.

        INVARIANT: a key is found by its name, which is compared and never opened, followed or looked up.
        """
        named = [key for key in self.keys if kid is None or key.kid == kid]
        fitting = [key for key in named if key.fits(algorithm)]
        if kid is None and len(self.keys) > 1:
            return None
        return fitting[0] if len(fitting) == 1 else None

    def knows(self, kid: str | None) -> bool:
        """Whether a token that names `kid` may be of one of these keys, so that fetching them again is of no use."""
        return kid is None or any(key.kid == kid for key in self.keys)


def read_key_set(raw: bytes) -> KeySet:
    """The keys of a document that verify signatures; others are passed over. Raises Refused (InvalidIdentityToken)."""
    if raw.count(b"{") > _MOST_OBJECTS:
        raise refusals.invalid(refusals.TOO_MANY_KEYS)
    try:
        document = read_object(raw)
    except ValueError:
        raise refusals.invalid(refusals.NO_KEY) from None
    return key_set(document)


def key_set(document: Mapping[str, Any]) -> KeySet:
    """As `read_key_set`, of a document that is read."""
    listed = document.get("keys")
    if type(listed) is not list or not all(type(one) is dict for one in listed):
        raise refusals.invalid(refusals.NO_KEY)
    if any(sum(one.get("kty") == kind for one in listed) > MOST_KEYS for kind in ("RSA", "EC")):
        raise refusals.invalid(refusals.TOO_MANY_KEYS)
    if len(listed) > 3 * MOST_KEYS:
        raise refusals.invalid(refusals.TOO_MANY_KEYS)
    return KeySet(tuple(_usable(listed)))


def _usable(listed: list[dict[str, Any]]) -> Iterator[Key]:
    for one in listed:
        key = _read_key(one)
        if key is not None:
            yield key


def _read_key(listed: Mapping[str, Any]) -> Key | None:
    # Some serializers write a member that a key does not have as null.
    jwk = {name: value for name, value in listed.items() if value is not None}
    kid, algorithm, kind = jwk.get("kid"), jwk.get("alg"), jwk.get("kty")
    if kind not in ("RSA", "EC") or jwk.get("use", "sig") != "sig" or "verify" not in _operations(jwk):
        return None
    if not (kid is None or (type(kid) is str and len(kid) <= _LONGEST_KID)) or algorithm not in (None, *ALGORITHMS):
        return None
    key = _public_key(jwk)
    if key is None:
        return None
    return Key(kid=kid, algorithm=algorithm, type=kind, curve=str(jwk.get("crv", "")), key=key)


def _operations(jwk: Mapping[str, Any]) -> Any:
    """What a key is for; an empty list says as little as none."""
    operations = jwk.get("key_ops", [])
    return operations or ["verify"] if type(operations) is list else ()


def _public_key(jwk: Mapping[str, Any]) -> Any:
    """INVARIANT: only the public members are read, so that no set makes a private key here."""
    from jwt.algorithms import RSAAlgorithm
    from jwt.exceptions import InvalidKeyError

    names = ("kty", "n", "e") if jwk["kty"] == "RSA" else ("kty", "crv", "x", "y")
    public: dict[str, Any] = {name: jwk.get(name) for name in names}
    if not all(type(value) is str and len(value) <= 2 * _LONGEST_KID for value in public.values()):
        return None
    try:
        key: Any = RSAAlgorithm.from_jwk(public) if jwk["kty"] == "RSA" else _elliptic(public)
    except (InvalidKeyError, ValueError, TypeError):
        return None
    if jwk["kty"] == "RSA" and (key.key_size not in _RSA_BITS or key.public_numbers().e.bit_length() > 32):
        return None
    return key


def _elliptic(public: Mapping[str, str]) -> EllipticCurvePublicKey:
    """A key of one of CURVES. Raises ValueError for what is no point of its curve.

    A coordinate may lack its leading zeros, or have one too many: libraries write it as a number.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from jwt.utils import base64url_decode

    curves: Mapping[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    if public["crv"] not in curves:
        raise ValueError("it is of another curve")
    x, y = (int.from_bytes(base64url_decode(public[name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, curves[public["crv"]]()).public_key()
