"""Metadata and private keys of SAML providers, read before the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Refused
from carnet.services.iam import provider_sentences
from carnet.services.preparing import Pool, Preparation

if TYPE_CHECKING:
    from carnet.saml.metadata import Metadata

_POOL = Pool(name="saml-documents", size=1, waiting=16, seconds=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The inputs that have to be parsed; None for those that are not given."""

    metadata: Metadata | None
    private_key: bytes | None = field(repr=False)
    """PKCS#8, DER."""


def invalid(message: str) -> Refused:
    """The fault for input that describes no SAML provider."""
    return Refused("InvalidInput", message)


def _read_documents(call: object, given: Mapping[str, Any]) -> Documents:
    """Raises Refused for metadata and keys that cannot be read."""
    return Documents(
        metadata=_metadata(given["SAMLMetadataDocument"]) if "SAMLMetadataDocument" in given else None,
        private_key=_private_key(given["AddPrivateKey"]) if "AddPrivateKey" in given else None,
    )


def _metadata(text: str) -> Metadata:
    # lxml and the reader of certificates are imported when they are first needed.
    from carnet.base.bounded_xml import BadXml
    from carnet.saml.metadata import parse_metadata

    try:
        return parse_metadata(text)
    except BadXml as problem:
        raise invalid(provider_sentences.saml_metadata_invalid(str(problem))) from problem


def _private_key(pem: str) -> bytes:
    from carnet.saml.decryption import read_private_key

    try:
        return read_private_key(pem)
    except ValueError as problem:
        raise invalid(provider_sentences.SAML_KEY_INVALID) from problem


read_before = Preparation(pool=_POOL, work=_read_documents, decides=True)
"""For `prepare=` of an operation that takes metadata or a private key: `call.prepared` is `Documents`.

The keys of the metadata are condition keys (`iam:RequestIdentityProviderIssuers`).
"""
