"""The private keys that sign in SAML: what applications are told, and what an identity provider is asked."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from carnet.base.ids import Ids
from carnet.entities.request_signing import RequestSigning
from carnet.entities.saml_application import SamlApplication
from carnet.entities.saml_signing_key import SamlSigningKey
from carnet.keyring.data_keys import Purpose
from carnet.keyring.keyring import Keyring, SealContext

_YEARS = timedelta(days=5 * 365)
"""https://docs.aws.amazon.com/singlesignon/latest/userguide/managesamlcerts.html"""
_RSA_BITS = 2048
_BEFORE = timedelta(minutes=5)

Holder = SamlApplication | RequestSigning
_TABLES: Mapping[type[Holder], str] = {SamlApplication: "saml_applications", RequestSigning: "request_signings"}
"""INVARIANT: a key of one kind of holder opens nothing in the place of the other's."""


class NewKeyPair(NamedTuple):
    """A private key and its certificate, which are stored nowhere yet."""

    private: bytes
    """PKCS#8, DER."""
    certificate: str
    """Base64 of DER."""
    created: datetime
    expires: datetime


def new_key_pair(name: str, now: datetime) -> NewKeyPair:
    """A key pair whose certificate, self-signed and for five years, is of that name. It takes tenths of a second."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(65537, _RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    expires = now + _YEARS
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(expires)
        .sign(key, hashes.SHA256())
    )
    return NewKeyPair(
        private=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        certificate=base64.b64encode(made.public_bytes(Encoding.DER)).decode("ascii"),
        created=now,
        expires=expires,
    )


def sealed_signing_key(
    keyring: Keyring, ids: Ids, pair: NewKeyPair, holder: type[Holder], account: str, owner: str
) -> SamlSigningKey:
    """A key, sealed for its holder, so that it cannot be opened in another one; `owner` is the holder's id."""
    key_id = ids.uuid()
    return SamlSigningKey(
        id=key_id,
        certificate=pair.certificate,
        sealed=keyring.seal(pair.private, context=saml_signing_key_context(key_id, holder, account, owner)),
        created=pair.created,
        expires=pair.expires,
    )


def opened_signing_key(keyring: Keyring, one: Holder, key: SamlSigningKey) -> bytes:
    """PKCS#8, DER. Raises Unsealable for a key that is not the holder's."""
    return keyring.open(key.sealed, context=saml_signing_key_context(key.id, type(one), one.account, one.id))


def saml_signing_key_context(key_id: str, holder: type[Holder], account: str, owner: str) -> SealContext:
    """What a private key is bound to: its id, and who signs by it."""
    return SealContext(
        table=_TABLES[holder],
        column="keys",
        account=account,
        key=key_id,
        owner=owner,
        purpose=Purpose.SAML_PRIVATE_KEYS,
    )
