"""How metadata tells of the certificates by which somebody signs.

https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf (2.4.1.1)
"""

from __future__ import annotations

from collections.abc import Iterable

from carnet.saml.xml import SIGNATURE


def key_descriptors(certificates: Iterable[str]) -> str:
    """`certificates`: of all keys that may sign, base64 of DER."""
    return "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{SIGNATURE}"><ds:X509Data><ds:X509Certificate>'
        f"{each}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for each in certificates
    )
