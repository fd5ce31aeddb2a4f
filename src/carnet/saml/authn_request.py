"""Authentication requests, as this service provider sends them: in the address (HTTP-Redirect), or posted (HTTP-POST).

https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (3.4.1)
https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (3.4, 3.5)
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from carnet.base.bounded_xml import parse_xml
from carnet.base.timestamps import iso_seconds
from carnet.saml.metadata import HTTP_POST
from carnet.saml.xml import ASSERTION, PROTOCOL

if TYPE_CHECKING:
    from carnet.saml.signing import SigningPair

_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnRequest:
    """One request. Any form of a name is taken, so it has no NameIDPolicy."""

    id: str
    """An XML ID: it begins with a letter or `_`."""
    issued: datetime
    issuer: str
    """Our own entityID."""
    acs_url: str
    """Where the response is to be posted to."""
    destination: str
    """The sign-in URL of the identity provider."""

    def xml(self) -> str:
        return (
            f'<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID={quoteattr(self.id)}'
            f' Version="2.0" IssueInstant="{iso_seconds(self.issued)}" Destination={quoteattr(self.destination)}'
            f' ProtocolBinding="{HTTP_POST}" AssertionConsumerServiceURL={quoteattr(self.acs_url)}>'
            f"<saml:Issuer>{escape(self.issuer)}</saml:Issuer></samlp:AuthnRequest>"
        )

    def url(self, relay_state: str, private: bytes | None = None) -> str:
        """Where the browser goes: the request is deflated, without zlib's header.

        With a private key (RSA; PKCS#8, DER), the address is signed, as it is written (bindings, 3.4.4.1).
        """
        made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = made.compress(self.xml().encode()) + made.flush()
        fields = {"SAMLRequest": base64.b64encode(deflated).decode("ascii"), "RelayState": relay_state}
        query = (
            urlencode(fields) if private is None else _sign_query(urlencode({**fields, "SigAlg": _RSA_SHA256}), private)
        )
        return f"{self.destination}{'&' if '?' in self.destination else '?'}{query}"

    def posted(self, pair: SigningPair | None = None) -> str:
        """What the form field SAMLRequest holds. With a pair, the request is signed within (bindings, 3.5.4)."""
        xml = self.xml().encode()
        if pair is not None:
            from lxml import etree

            from carnet.saml.signing import signed_within

            xml = etree.tostring(signed_within(parse_xml(xml), pair))
        return base64.b64encode(xml).decode("ascii")


def _sign_query(query: str, private: bytes) -> str:
    """The query string with its signature. Parsing the key takes long if it is checked; it was made here."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    key = load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(query.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode('ascii')})}"
