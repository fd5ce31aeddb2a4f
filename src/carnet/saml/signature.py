"""The signature of one element of a SAML document. Only what was signed is given back.

The shape of the signature is checked before its value: an enveloped signature over the element that it stands in, as
SAML demands, and nothing else. So no signature speaks of another element than the one that is read.

https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (5.4)
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from carnet.base.bounded_xml import BadXml, Element, parse_xml, parser
from carnet.saml.xml import SIGNATURE, children, only_child

_METHODS = frozenset(
    (
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    )
)
"""INVARIANT: no HMAC, for which the public key would be the secret, and no SHA-1."""
_DIGESTS = frozenset((DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512))
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS = frozenset((_ENVELOPED, _EXCLUSIVE, f"{_EXCLUSIVE}WithComments"))
_CONFIGURATION = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=_METHODS,
    digest_algorithms=_DIGESTS,
    ignore_ambiguous_key_info=True,  # nothing that the signature says of its key counts
)


class NotSigned(ValueError):
    """The element is not signed by one of the certificates."""


def signature_of(element: Element) -> Element | None:
    """The signature that stands directly in an element; raises BadXml for several."""
    return only_child(element, SIGNATURE, "Signature")


class Signed(NamedTuple):
    """An element, read from what was signed, and the certificate (base64 of DER) that has signed it."""

    element: Element
    certificate: str


def as_signed(element: Element, certificates: Iterable[str]) -> Signed:
    """The element as one of the certificates (base64 of DER) has signed it, without its signature. Raises NotSigned.

    INVARIANT: it is read anew from the very bytes whose digest was signed.
    """
    try:
        _check_shape(element)
        document = etree.tostring(element, with_tail=False)
    except BadXml as problem:
        raise NotSigned(str(problem)) from problem
    for certificate in certificates:
        signed = _signed_bytes(document, x509.load_der_x509_certificate(base64.b64decode(certificate)))
        if signed is not None:
            return Signed(_same_element(element, signed), certificate)
    raise NotSigned("none of the certificates has signed it")


def _check_shape(element: Element) -> None:
    signature = signature_of(element)
    own_id = element.get("ID")
    if signature is None or not own_id:
        raise BadXml("it has no signature, or no ID")
    info = only_child(signature, SIGNATURE, "SignedInfo")
    if info is None or children(signature, SIGNATURE, "Object"):
        raise BadXml("the signature has no SignedInfo, or an Object")
    reference = only_child(info, SIGNATURE, "Reference")
    if reference is None or reference.get("URI") != f"#{own_id}":
        raise BadXml("the signature is not of the element that it stands in")
    transforms = only_child(reference, SIGNATURE, "Transforms")
    asked = [each.get("Algorithm") for each in transforms] if transforms is not None else []
    if len(asked) != 2 or asked[0] != _ENVELOPED or not _TRANSFORMS.issuperset(asked[1:]) or asked[1] == _ENVELOPED:
        raise BadXml("the transforms are not those of a SAML signature")


def _signed_bytes(document: bytes, certificate: x509.Certificate) -> bytes | None:
    """The bytes that the certificate has signed; None if it has not."""
    # AWS takes no notice of a certificate's time, and signxml is asked about one at which it was good.
    configuration = replace(_CONFIGURATION, verification_time=certificate.not_valid_before_utc)
    try:
        result = XMLVerifier().verify(
            document, x509_cert=certificate, expect_config=configuration, id_attribute="ID", parser=parser()
        )
    except Exception:
        # INVARIANT: whatever a signature makes the libraries say, it is not good. They raise many kinds of errors.
        return None
    return None if isinstance(result, list) else result.signed_data


def _same_element(element: Element, signed: bytes) -> Element:
    """The element of the signed bytes; NotSigned if they are not those of this element."""
    try:
        read = parse_xml(signed)
    except BadXml as problem:
        raise NotSigned("what was signed cannot be read") from problem
    if read.tag != element.tag or read.get("ID") != element.get("ID") or signature_of(read) is not None:
        raise NotSigned("what was signed is another element")
    return read
