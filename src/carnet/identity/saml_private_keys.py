"""The private keys of SAML providers, sealed and opened."""

from __future__ import annotations

from collections.abc import Iterator

from carnet.entities.saml_provider import SamlProvider
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext


def sealed_private_key(keyring: Keyring, key: bytes, key_id: str, provider: SamlProvider) -> bytes:
    """A private key as the provider keeps it, of no use in another one."""
    return keyring.seal(key, context=private_key_context(key_id, provider))


def opened_private_keys(keyring: Keyring, provider: SamlProvider) -> Iterator[bytes]:
    """A provider's private keys, the newest first. One that does not open is left out: it opens no assertion."""
    for key in reversed(provider.private_keys):
        try:
            yield keyring.open(key.sealed, context=private_key_context(key.id, provider))
        except Unsealable:
            continue


def private_key_context(key_id: str, provider: SamlProvider) -> SealContext:
    """What a private key is bound to: its id, and the provider."""
    return SealContext(
        table="saml_providers",
        column="private_keys",
        account=provider.account,
        key=key_id,
        owner=provider.id,
        purpose=Purpose.SAML_PRIVATE_KEYS,
    )
