"""Every kind of entity that has sealed values: the context that each value is bound to, and how the values are sealed
anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from carnet.entities.access_key import AccessKey
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.outbound_federation import OutboundFederation
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from carnet.entities.request_signing import RequestSigning
from carnet.entities.saml_application import SamlApplication
from carnet.entities.saml_provider import SamlProvider
from carnet.identity.credentials import secret_context
from carnet.identity.mfa import seed_context
from carnet.identity.outbound_keys import signing_key_context
from carnet.identity.passwords import hashes_context
from carnet.identity.saml_private_keys import private_key_context
from carnet.identity.saml_signing_keys import saml_signing_key_context
from carnet.keyring.data_keys import Purpose
from carnet.keyring.keyring import SealContext

E = TypeVar("E")
S = TypeVar("S", SamlApplication, RequestSigning)

Change = Callable[[bytes, SealContext], bytes]
"""(a sealed value, its context) to the value that replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKind(Generic[E]):
    """One kind of entity with sealed values, all of one purpose."""

    entity: type[E]
    purpose: Purpose
    changed: Callable[[E, Change], E]
    """The entity with each of its sealed values replaced. An empty value stands for none."""

    def values(self, entity: E) -> Iterator[tuple[bytes, SealContext]]:
        """Each sealed value of an entity, and the context that it is bound to."""
        found: list[tuple[bytes, SealContext]] = []

        def note(sealed: bytes, context: SealContext) -> bytes:
            found.append((sealed, context))
            return sealed

        self.changed(entity, note)
        return (each for each in found if each[0])


def _access_key(key: AccessKey, change: Change) -> AccessKey:
    context = secret_context(key.id, key.account, key.owner)
    return replace(key, sealed_secret=change(key.sealed_secret, context))


def _login_profile(profile: LoginProfile, change: Change) -> LoginProfile:
    context = hashes_context(profile.account, profile.id)
    return replace(profile, sealed_hashes=change(profile.sealed_hashes, context))


def _mfa_device(device: MfaDevice, change: Change) -> MfaDevice:
    return replace(device, sealed_seed=change(device.sealed_seed, seed_context(device)))


def _saml_provider(provider: SamlProvider, change: Change) -> SamlProvider:
    keys = (
        replace(key, sealed=change(key.sealed, private_key_context(key.id, provider))) for key in provider.private_keys
    )
    return replace(provider, private_keys=tuple(keys))


def _saml_signing(one: S, change: Change) -> S:
    keys = (
        replace(key, sealed=change(key.sealed, saml_signing_key_context(key.id, type(one), one.account, one.id)))
        for key in one.keys
    )
    return replace(one, keys=tuple(keys))


def _outbound_federation(federation: OutboundFederation, change: Change) -> OutboundFederation:
    keys = (
        replace(key, sealed=change(key.sealed, signing_key_context(federation.account, key.kid)))
        for key in federation.keys
    )
    return replace(federation, keys=tuple(keys))


SEALED_KINDS: tuple[SealedKind[Any], ...] = (
    SealedKind(entity=AccessKey, purpose=Purpose.ACCESS_KEY_SECRETS, changed=_access_key),
    SealedKind(entity=LoginProfile, purpose=Purpose.PASSWORDS, changed=_login_profile),
    SealedKind(entity=MfaDevice, purpose=Purpose.MFA_SEEDS, changed=_mfa_device),
    SealedKind(entity=PersonPassword, purpose=Purpose.PASSWORDS, changed=_login_profile),
    SealedKind(entity=PersonMfaDevice, purpose=Purpose.MFA_SEEDS, changed=_mfa_device),
    SealedKind(entity=SamlProvider, purpose=Purpose.SAML_PRIVATE_KEYS, changed=_saml_provider),
    SealedKind(entity=SamlApplication, purpose=Purpose.SAML_PRIVATE_KEYS, changed=_saml_signing),
    SealedKind(entity=RequestSigning, purpose=Purpose.SAML_PRIVATE_KEYS, changed=_saml_signing),
    SealedKind(entity=OutboundFederation, purpose=Purpose.ISSUER_KEYS, changed=_outbound_federation),
)
"""INVARIANT: all that have `sealed` in their `EntityType`; a test holds both together."""


def kinds_of(purpose: Purpose) -> tuple[SealedKind[Any], ...]:
    """The kinds whose values are sealed for a purpose; none if callers hold what is sealed for it."""
    return tuple(kind for kind in SEALED_KINDS if kind.purpose is purpose)
