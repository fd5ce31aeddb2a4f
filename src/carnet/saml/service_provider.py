"""The metadata of a service provider: what an identity provider has to know of it.

https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf (2.4.4)
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from carnet.saml.metadata import HTTP_POST
from carnet.saml.xml import METADATA, PROTOCOL

_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def service_provider_metadata(entity_id: str, acs_url: str) -> str:
    """It wants signed assertions, posted to one address."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{METADATA}" entityID={quoteattr(entity_id)}>'
        f'<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true"'
        f' protocolSupportEnumeration="{PROTOCOL}"><md:NameIDFormat>{_EMAIL}</md:NameIDFormat>'
        f'<md:AssertionConsumerService Binding="{HTTP_POST}" Location={quoteattr(acs_url)} index="0"'
        ' isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>\n'
    )
