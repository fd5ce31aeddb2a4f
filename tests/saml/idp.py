"""A SAML identity provider for tests: keys, metadata, and responses as providers of the field send them."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ISSUER = "https://idp.example.com/metadata"
RECIPIENT = "https://signin.aws.amazon.com/saml"
AUDIENCE = "urn:amazon:webservices"
AWS = "https://aws.amazon.com/SAML/Attributes/"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_NAMESPACES = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Signer:
    """A private key and its certificate."""

    key: Key
    certificate: x509.Certificate

    @property
    def base64(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


@cache
def rsa_key(name: str = "idp", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Keys take a while to make: one for each name."""
    return rsa.generate_private_key(65537, bits)


@cache
def signer(name: str = "idp", *, bits: int = 0, days: int = 365) -> Signer:
    """An RSA signer of that many bits, or one of P-256; `days` of its certificate's life, from the day before NOW."""
    key: Key = rsa_key(name, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    return Signer(key, certificate(key.public_key(), key, name, days))


def certificate(of: CertificatePublicKeyTypes, by: Key, name: str = "idp", days: int = 365) -> x509.Certificate:
    """A certificate of a key, signed by another or by its own."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = NOW - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(of)
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(by, hashes.SHA256())
    )


def metadata(
    *signers: Signer,
    issuer: str = ISSUER,
    valid_until: str | None = None,
    use: str | None = "signing",
    redirect: str | None = None,
    post: str | None = "https://idp.example.com/sso",
    wants_signed: str = "false",
) -> str:
    """The metadata document of a provider, at least 1,000 characters long."""
    keys = "".join(
        f"<md:KeyDescriptor{f' use={quoteattr(use)}' if use else ''}><ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>\n{each.base64}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for each in signers or (signer(),)
    )
    until = f" validUntil={quoteattr(valid_until)}" if valid_until else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={quoteattr(issuer)}{until}>'
        f'<md:IDPSSODescriptor xmlns:ds="http://www.w3.org/2000/09/xmldsig#" WantAuthnRequestsSigned="{wants_signed}"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{keys}<md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>"
        f"{_service('HTTP-POST', post)}{_service('HTTP-Redirect', redirect)}"
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
        f"<!-- {'-'.join('x' * 300)} -->"
    )


def _service(binding: str, location: str | None) -> str:
    if location is None:
        return ""
    name = f"urn:oasis:names:tc:SAML:2.0:bindings:{binding}"
    return f'<md:SingleSignOnService Binding="{name}" Location={quoteattr(location)}/>'


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a response says; `xml` and its kin write it. A member that is None is left out."""

    id: str = "_assertion"
    issuer: str | None = ISSUER
    response_issuer: str | None = ISSUER
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    destination: str | None = RECIPIENT
    issued: datetime = NOW
    name: str | None = "alice"
    name_format: str | None = PERSISTENT
    recipient: str | None = RECIPIENT
    in_response_to: str | None = None
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    confirmed_until: datetime | None = NOW + timedelta(minutes=5)
    not_before: datetime | None = NOW - timedelta(minutes=1)
    not_on_or_after: datetime | None = NOW + timedelta(hours=1)
    audiences: Sequence[str] | None = (AUDIENCE,)
    condition: str = ""
    session_end: datetime | None = None
    authenticated: bool = True
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    raw_attributes: str = ""

    def but(self, **changes: Any) -> Answer:
        """The same with something else."""
        return replace(self, **changes)

    def response(self) -> etree._Element:
        """The unsigned response."""
        return etree.fromstring(self.xml().encode())

    def xml(self) -> str:
        """The text of the unsigned response."""
        return (
            f'<samlp:Response {_NAMESPACES} ID="_response{self.id}" Version="2.0"{_at("IssueInstant", self.issued)}'
            f"{_attribute('Destination', self.destination)}>"
            f"{_element('saml:Issuer', self.response_issuer)}"
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>{self._assertion()}'
            "</samlp:Response>"
        )

    def _assertion(self) -> str:
        return (
            f'<saml:Assertion ID={quoteattr(self.id)} Version="2.0"{_at("IssueInstant", self.issued)}>'
            f"{_element('saml:Issuer', self.issuer)}{self._subject()}{self._conditions()}"
            f"{self._statement()}{self._attributes()}</saml:Assertion>"
        )

    def _subject(self) -> str:
        name = (
            ""
            if self.name is None
            else f"<saml:NameID{_attribute('Format', self.name_format)}>{escape(self.name)}</saml:NameID>"
        )
        return (
            f'<saml:Subject>{name}<saml:SubjectConfirmation Method="{self.method}"><saml:SubjectConfirmationData'
            f"{_at('NotOnOrAfter', self.confirmed_until)}{_attribute('Recipient', self.recipient)}"
            f"{_attribute('InResponseTo', self.in_response_to)}/>"
            "</saml:SubjectConfirmation></saml:Subject>"
        )

    def _conditions(self) -> str:
        if self.audiences is None:
            return ""
        restriction = "".join(f"<saml:Audience>{escape(each)}</saml:Audience>" for each in self.audiences)
        return (
            f"<saml:Conditions{_at('NotBefore', self.not_before)}{_at('NotOnOrAfter', self.not_on_or_after)}>"
            f"<saml:AudienceRestriction>{restriction}</saml:AudienceRestriction>{self.condition}</saml:Conditions>"
        )

    def _statement(self) -> str:
        if not self.authenticated:
            return ""
        return (
            f"<saml:AuthnStatement{_at('AuthnInstant', self.issued)}{_at('SessionNotOnOrAfter', self.session_end)}>"
            "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        )

    def _attributes(self) -> str:
        told = "".join(
            f"<saml:Attribute Name={quoteattr(name)}>"
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        return f"<saml:AttributeStatement>{told}{self.raw_attributes}</saml:AttributeStatement>"


def _at(name: str, when: datetime | None) -> str:
    return "" if when is None else f' {name}="{when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]}Z"'


def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f" {name}={quoteattr(value)}"


def _element(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def assertion_in(response: etree._Element) -> etree._Element:
    """The one assertion directly inside."""
    (found,) = response.findall("{*}Assertion")
    return found


def signed(element: etree._Element, by: Signer | None = None, **options: Any) -> etree._Element:
    """The element with a signature in it, put where it belongs: behind the issuer."""
    by = by or signer()
    algorithm = "rsa-sha256" if isinstance(by.key, rsa.RSAPrivateKey) else "ecdsa-sha256"
    c14n = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    made = XMLSigner(**{"signature_algorithm": algorithm, "c14n_algorithm": c14n, **options})
    result = made.sign(
        element, key=by.key, cert=[by.certificate], reference_uri=f"#{element.get('ID')}", id_attribute="ID"
    )
    signature = result.find("{*}Signature")
    assert signature is not None
    issuer = result.find("{*}Issuer")
    result.insert(0 if issuer is None else 1, signature)
    return result


def with_signed_assertion(answer: Answer, by: Signer | None = None, **options: Any) -> etree._Element:
    """A response whose assertion is signed, and which is not itself."""
    response = answer.response()
    plain = assertion_in(response)
    response.replace(plain, signed(plain, by, **options))
    return response


def with_signed_response(answer: Answer, by: Signer | None = None) -> etree._Element:
    """A response that is signed, and whose assertion is not itself."""
    return signed(answer.response(), by)


def encoded(response: etree._Element | str) -> str:
    """As clients post it."""
    text = response.encode() if isinstance(response, str) else etree.tostring(response)
    return base64.b64encode(text).decode()


def post(answer: Answer, by: Signer | None = None) -> str:
    """The SAMLAssertion parameter of a response whose assertion is signed."""
    return encoded(with_signed_assertion(answer, by))


def encrypted(response: etree._Element, key: rsa.RSAPublicKey) -> etree._Element:
    """The response with its assertion encrypted by AES-256-GCM and RSA-OAEP."""
    plain = assertion_in(response)
    data_key, nonce = os.urandom(32), os.urandom(12)
    data = nonce + AESGCM(data_key).encrypt(nonce, etree.tostring(plain), None)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    response.replace(plain, encrypted_assertion(key.encrypt(data_key, oaep), data))
    return response


def encrypted_assertion(
    key: bytes,
    data: bytes,
    *,
    key_method: str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    data_method: str = "http://www.w3.org/2009/xmlenc11#aes256-gcm",
) -> etree._Element:
    """The element that holds an encrypted key and encrypted data."""

    def cipher(value: bytes) -> str:
        text = base64.b64encode(value).decode()
        return f"<xenc:CipherData><xenc:CipherValue>{text}</xenc:CipherValue></xenc:CipherData>"

    return etree.fromstring(
        '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
        ' xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f'<xenc:EncryptedData><xenc:EncryptionMethod Algorithm="{data_method}"/><ds:KeyInfo><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{key_method}"/>{cipher(key)}</xenc:EncryptedKey></ds:KeyInfo>'
        f"{cipher(data)}</xenc:EncryptedData></saml:EncryptedAssertion>"
    )


def pem(key: rsa.RSAPrivateKey) -> str:
    """The key as AddPrivateKey takes it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
