"""Signatures that this server makes, within what they sign.

https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (5.4)
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from carnet.saml.xml import SIGNATURE, children


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPair:
    """A private key (PKCS#8, DER) that was made here, and its certificate (base64 of DER)."""

    private: bytes = field(repr=False)
    certificate: str


def signed_within(element: etree._Element, pair: SigningPair) -> etree._Element:
    """The element, signed by its ID (RSA with SHA-256, exclusive canonical XML). Its first child is its Issuer."""
    signed = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    ).sign(
        element,
        # To check the key takes longer than to sign, and it was made here.
        key=load_der_private_key(pair.private, None, unsafe_skip_rsa_key_validation=True),  # type: ignore[arg-type]
        cert=[x509.load_der_x509_certificate(base64.b64decode(pair.certificate))],
        reference_uri=f"#{element.get('ID')}",
        id_attribute="ID",
    )
    (signature,) = children(signed, SIGNATURE, "Signature")
    signed.insert(1, signature)  # behind the Issuer, where the schema has it
    return signed
