"""The keys that an account signs tokens with, and where others find their public halves."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from carnet.base.ids import Ids
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm, SigningKey
from carnet.keyring.data_keys import Purpose
from carnet.keyring.keyring import Keyring, SealContext

ISSUERS = "/_carnet/issuers/"
"""Below which path an account's issuer is."""
OWN_CLAIMS = "https://sts.amazonaws.com/"
"""The claim of a token that holds what no standard has a name for."""
_RSA_BITS = 2048


def issuer_url(public_url: str, federation: OutboundFederation) -> str:
    """The issuer of an account's tokens, `iss` in them."""
    return f"{public_url}{ISSUERS}{federation.issuer}"


def new_signing_key(keyring: Keyring, ids: Ids, account: str, algorithm: SigningAlgorithm) -> SigningKey:
    """A new key pair, the private key sealed. An RSA key takes some tenths of a second."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    private: Any
    if algorithm is SigningAlgorithm.RS256:
        private = rsa.generate_private_key(65537, _RSA_BITS)
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        private = ec.generate_private_key(ec.SECP384R1())
        public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    kid = ids.uuid()
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    names = ("kty", "n", "e", "crv", "x", "y")
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public={
            **{name: str(public[name]) for name in names if name in public},
            "kid": kid,
            "alg": algorithm.value,
            "use": "sig",
        },
        sealed=keyring.seal(plain, context=signing_key_context(account, kid)),
    )


def sign(keyring: Keyring, account: str, key: SigningKey, claims: dict[str, Any]) -> str:
    """A token with these claims. Raises Unsealable if the key is not the account's."""
    import jwt

    return jwt.encode(claims, _private(keyring, account, key.kid, key.sealed), key.algorithm.value, {"kid": key.kid})


@lru_cache(256)
def _private(keyring: Keyring, account: str, kid: str, sealed: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    plain = keyring.open(sealed, context=signing_key_context(account, kid))
    # It was made here: OpenSSL would search it for primes, and let no other thread run meanwhile.
    return load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True)


def signing_key_context(account: str, kid: str) -> SealContext:
    """What a private key is bound to: its key id, and the account."""
    return SealContext(
        table="outbound_federations",
        column="keys",
        account=account,
        key=kid,
        owner=account,
        purpose=Purpose.ISSUER_KEYS,
    )
