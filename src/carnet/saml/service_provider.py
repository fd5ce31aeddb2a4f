"""The metadata of a service provider: what an identity provider has to know of it.

https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf (2.4.4)
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from carnet.saml.metadata import HTTP_POST
from carnet.saml.metadata_keys import key_descriptors
from carnet.saml.xml import METADATA, PROTOCOL

_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def service_provider_metadata(entity_id: str, acs_url: str, certificates: Sequence[str] = ()) -> str:
    """It wants signed assertions, posted to one address.

    It signs its requests if it has certificates (base64 of DER), by a key of one of them.
    """
    signs = "true" if certificates else "false"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{METADATA}" entityID={quoteattr(entity_id)}>'
        f'<md:SPSSODescriptor AuthnRequestsSigned="{signs}" WantAssertionsSigned="true"'
        f' protocolSupportEnumeration="{PROTOCOL}">{key_descriptors(certificates)}'
        f"<md:NameIDFormat>{_EMAIL}</md:NameIDFormat>"
        f'<md:AssertionConsumerService Binding="{HTTP_POST}" Location={quoteattr(acs_url)} index="0"'
        ' isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>\n'
    )
