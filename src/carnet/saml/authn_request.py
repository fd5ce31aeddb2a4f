"""Authentication requests, as this service provider sends them: by the browser, in the address (HTTP-Redirect).

https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (3.4.1)
https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (3.4)
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from carnet.saml.metadata import HTTP_POST
from carnet.saml.xml import ASSERTION, PROTOCOL


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
            f' Version="2.0" IssueInstant="{instant(self.issued)}" Destination={quoteattr(self.destination)}'
            f' ProtocolBinding="{HTTP_POST}" AssertionConsumerServiceURL={quoteattr(self.acs_url)}>'
            f"<saml:Issuer>{escape(self.issuer)}</saml:Issuer></samlp:AuthnRequest>"
        )

    def url(self, relay_state: str) -> str:
        """Where the browser goes: the request is deflated, without zlib's header."""
        made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = made.compress(self.xml().encode()) + made.flush()
        fields = {"SAMLRequest": base64.b64encode(deflated).decode("ascii"), "RelayState": relay_state}
        return f"{self.destination}{'&' if '?' in self.destination else '?'}{urlencode(fields)}"


def instant(when: datetime) -> str:
    """A time as SAML has it: in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
