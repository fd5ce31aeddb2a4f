"""Authentication requests that service providers send: by the address (HTTP-Redirect), or posted (HTTP-POST).

https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (3.4.1)
https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (3.4.4.1: signatures in addresses)
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from carnet.base.bounded_xml import BadXml, Element, parse_xml
from carnet.saml.metadata import HTTP_POST
from carnet.saml.response import issuer_of
from carnet.saml.signature import NotSigned, as_signed
from carnet.saml.xml import PROTOCOL, moment

LONGEST_XML = 65_536
_LONGEST_ID = 256
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_DIGESTS: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""INVARIANT: no SHA-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """What a service provider asks for."""

    id: str
    issuer: str
    issued: datetime
    destination: str
    """Empty if it does not say."""
    acs_url: str
    """Where the response is to be posted to; empty if it does not say."""
    force: bool
    """Whether the person has to sign in anew."""
    passive: bool
    """Whether nobody may be shown anything."""


def read_redirected(query: str, certificate: str) -> ReceivedRequest:
    """The request in a query string, whose SAMLRequest is there once. Raises BadXml.

    `certificate` must have signed it, in the address; empty if nobody has to. It is base64 of DER.
    """
    fields = dict(part.partition("=")[::2] for part in query.split("&"))
    if len(fields) != query.count("&") + 1:
        raise BadXml("the address gives a parameter twice")
    if any("%" in name or "+" in name for name in fields):
        # INVARIANT: what others read of the address, decoded, is what the signature is over.
        raise BadXml("the address encodes the name of a parameter")
    if certificate:
        _check_signed(fields, certificate)
    return _read_request(parse_xml(_inflate(_decode(unquote_plus(fields.get("SAMLRequest", ""))))))


def read_posted(text: str, certificate: str) -> ReceivedRequest:
    """The same of a request that was posted, and is signed within. Raises BadXml.

    INVARIANT: of a request that must be signed, only what was signed is read.
    """
    root = parse_xml(_decode("".join(text.split())))
    if certificate:
        try:
            root = as_signed(root, (certificate,)).element
        except NotSigned as problem:
            raise BadXml("it is not signed by the service provider's certificate") from problem
    return _read_request(root)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise BadXml("it is not base64") from problem


def _inflate(data: bytes) -> bytes:
    """INVARIANT: what unpacks to more than LONGEST_XML is not unpacked."""
    unpacking = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        plain = unpacking.decompress(data, LONGEST_XML)
    except zlib.error as problem:
        raise BadXml("it is not deflated") from problem
    if not unpacking.eof or unpacking.unused_data:
        raise BadXml("it is too long, or cut off")
    return plain


def _read_request(root: Element) -> ReceivedRequest:
    own_id = root.get("ID", "")
    if root.tag != f"{{{PROTOCOL}}}AuthnRequest" or root.get("Version") != "2.0":
        raise BadXml("it is no SAML 2.0 authentication request")
    if not 1 <= len(own_id) <= _LONGEST_ID:
        raise BadXml("it has no ID")
    if root.get("ProtocolBinding", HTTP_POST) != HTTP_POST:
        raise BadXml("it asks for another binding than HTTP-POST")
    if root.get("AssertionConsumerServiceIndex") is not None:
        raise BadXml("it names its assertion consumer service by an index")
    return ReceivedRequest(
        id=own_id,
        issuer=issuer_of(root),
        issued=moment(root.get("IssueInstant", "")),
        destination=root.get("Destination", ""),
        acs_url=root.get("AssertionConsumerServiceURL", ""),
        force=_flag(root, "ForceAuthn"),
        passive=_flag(root, "IsPassive"),
    )


def _flag(root: Element, name: str) -> bool:
    return root.get(name, "").strip() in ("true", "1")


def _check_signed(fields: Mapping[str, str], certificate: str) -> None:
    """Raise BadXml unless the certificate has signed the parameters, as they were sent."""
    names = [name for name in ("SAMLRequest", "RelayState", "SigAlg") if name in fields]
    signed = "&".join(f"{name}={fields[name]}" for name in names)
    algorithm, key = unquote_plus(fields.get("SigAlg", "")), _public_key(certificate)
    kind, _, digest = algorithm.removeprefix(_MORE).partition("-")
    hashed = _DIGESTS.get(digest)
    if not algorithm.startswith(_MORE) or hashed is None:
        raise BadXml("it is not signed, or by an algorithm that is not known here")
    signature = _decode(unquote_plus(fields.get("Signature", "")))
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed.encode(), padding.PKCS1v15(), hashed())
        elif kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed.encode(), ec.ECDSA(hashed()))
        else:
            raise BadXml("it is signed by a key of another kind than the service provider's certificate has")
    except InvalidSignature as problem:
        raise BadXml("it is not signed by the service provider's certificate") from problem


def _public_key(certificate: str) -> object:
    return x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
