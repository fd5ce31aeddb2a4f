"""The metadata of an identity provider: its names, its signing certificates, and how long they are good.

https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from carnet.base.bounded_xml import BadXml, Element, parse_xml
from carnet.saml.xml import METADATA, PROTOCOL, SIGNATURE, children, optional_moment, text_of

MOST_PROVIDERS = 20
MOST_CERTIFICATES = 10
"""Of one identity provider: a signature is tried with each, which takes time."""
_LEAST_RSA_BITS, _MOST_RSA_BITS = 1024, 8192
HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_LONGEST_NAME = 1024
"""https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf, 8.3.6"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is kept of a metadata document."""

    certificates: Mapping[str, tuple[str, ...]]
    """Issuer (entityID) to its signing certificates, base64 of DER. IAM takes no notice of when they expire."""
    valid_until: datetime | None
    sign_in_urls: Mapping[str, str]
    """Issuer to where it takes authentication requests: by HTTP-Redirect, or else by HTTP-POST; as it is written."""
    posted_to: frozenset[str]
    """The issuers that take them by HTTP-POST alone."""
    asks_for_signed_requests: frozenset[str]
    """The issuers that take signed requests alone."""


def parse_metadata(text: str) -> Metadata:
    """Raises BadXml for what is no metadata of an identity provider that signs."""
    root = parse_xml(text.encode("utf-8", "surrogatepass"))
    entities = list(_entities(root))
    if not 1 <= len(entities) <= MOST_PROVIDERS:
        raise BadXml(f"it describes {len(entities)} identity providers")
    certificates: dict[str, tuple[str, ...]] = {}
    sign_in_urls: dict[str, str] = {}
    posted_to: set[str] = set()
    signed_only: set[str] = set()
    ends = [_valid_until(root)]
    for entity, descriptor in entities:
        name = entity.get("entityID", "").strip()
        if not 1 <= len(name) <= _LONGEST_NAME or name in certificates:
            raise BadXml("an entityID is missing, too long, or there twice")
        certificates[name] = _signing_certificates(descriptor)
        ends += [_valid_until(entity), _valid_until(descriptor)]
        redirected, posted = _locations(descriptor, HTTP_REDIRECT), _locations(descriptor, HTTP_POST)
        sign_in_urls |= ((name, url) for url in (redirected or posted)[:1])
        if posted and not redirected:
            posted_to.add(name)
        if descriptor.get("WantAuthnRequestsSigned", "").strip() in ("true", "1"):
            signed_only.add(name)
    return Metadata(
        certificates=certificates,
        valid_until=min((end for end in ends if end is not None), default=None),
        sign_in_urls=sign_in_urls,
        posted_to=frozenset(posted_to),
        asks_for_signed_requests=frozenset(signed_only),
    )


def _entities(root: Element) -> Iterator[tuple[Element, Element]]:
    """Each entity with its description as an identity provider that speaks SAML 2.0."""
    if root.tag == f"{{{METADATA}}}EntityDescriptor":
        described = [root]
    elif root.tag == f"{{{METADATA}}}EntitiesDescriptor":
        described = children(root, METADATA, "EntityDescriptor")
    else:
        raise BadXml("it is no SAML metadata")
    for entity in described:
        for descriptor in children(entity, METADATA, "IDPSSODescriptor"):
            if PROTOCOL in descriptor.get("protocolSupportEnumeration", "").split():
                yield entity, descriptor


def _locations(descriptor: Element, binding: str) -> list[str]:
    services = children(descriptor, METADATA, "SingleSignOnService")
    return [each.get("Location", "").strip() for each in services if each.get("Binding") == binding]


def _valid_until(element: Element) -> datetime | None:
    return optional_moment(element, "validUntil")


def _signing_certificates(descriptor: Element) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for key in children(descriptor, METADATA, "KeyDescriptor"):
        if key.get("use", "signing") == "signing":
            found |= dict.fromkeys(map(_certificate, key.iter(f"{{{SIGNATURE}}}X509Certificate")))
    if not 1 <= len(found) <= MOST_CERTIFICATES:
        raise BadXml(f"it has {len(found)} signing certificates")
    return tuple(found)


def _certificate(element: Element) -> str:
    """The certificate in an element, as base64 without white space; raises BadXml for one that is not usable."""
    try:
        der = base64.b64decode("".join(text_of(element).split()), validate=True)
        key = x509.load_der_x509_certificate(der).public_key()
    except BadXml:
        raise
    except ValueError as problem:
        raise BadXml("a certificate cannot be read") from problem
    except Exception as problem:  # UnsupportedAlgorithm and its kin: a certificate holds what its maker likes
        raise BadXml("a certificate holds no key that is known here") from problem
    if isinstance(key, rsa.RSAPublicKey):
        if not _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
            raise BadXml(f"the key of a certificate has {key.key_size} bits")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadXml("the key of a certificate is neither RSA nor of an elliptic curve")
    return base64.b64encode(der).decode("ascii")
