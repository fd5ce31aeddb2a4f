"""What makes an application one of SAML 2.0: where people are sent to, what is said of them there, and what signs it.

https://docs.aws.amazon.com/singlesignon/latest/userguide/customermanagedapps-saml2-setup.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carnet.entities.saml_signing_key import SamlSigningKeys


@dataclass(frozen=True, kw_only=True, slots=True)
class SamlApplication:
    """The SAML side of an `SsoApplication` of the same id, which goes with it. Its first key signs."""

    id: str
    """`apl-...`"""
    account: str
    """The account that owns the instance."""
    acs_urls: tuple[str, ...]
    """Where assertions may be posted to; the first one if nobody asks for another."""
    audience: str
    """The entityID of the service provider."""
    subject: str
    """Where the NameID comes from, `${user:email}`."""
    subject_format: str
    """The format of the NameID, a URI."""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name of an attribute to where its value comes from: a text with `${user:...}` or `${path:...}` in it."""
    relay_state: str = ""
    """What goes with an assertion that nobody has asked for."""
    session_seconds: int = 3600
    request_certificate: str = ""
    """That of the service provider, base64 of DER, by which its requests must be signed; empty if they need not be."""
    keys: SamlSigningKeys
