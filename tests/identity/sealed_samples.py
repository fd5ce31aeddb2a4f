"""Two of each kind of thing that holds sealed values, of different accounts and owners, sealed as the real ones are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm, SigningKey
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from carnet.entities.request_signing import RequestSigning
from carnet.entities.saml_application import SamlApplication
from carnet.entities.saml_provider import SamlPrivateKey, SamlProvider
from carnet.entities.saml_signing_key import SamlSigningKey, SamlSigningKeys
from carnet.entities.user import User
from carnet.identity.sealed_kinds import SEALED_KINDS, SealedKind
from carnet.keyring.keyring import Keyring, SealContext
from carnet.store.unit_of_work import UnitOfWork

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NUMBERS = (1, 2)


def account(number: int) -> Account:
    return Account(id=f"{number}" * 12, name=f"account{number}", email=f"{number}@example.com", created=NOW)


def user(number: int) -> User:
    return User(id=f"AIDA{number}", account=account(number).id, name=f"user{number}", created=NOW)


def _access_key(number: int) -> AccessKey:
    owner = user(number)
    return AccessKey(id=f"AKIA{number}", account=owner.account, owner=owner.id, sealed_secret=b"?", created=NOW)


def _login_profile(number: int) -> LoginProfile:
    owner = user(number)
    return LoginProfile(id=owner.id, account=owner.account, sealed_hashes=b"?", created=NOW, changed=NOW)


def _mfa_device(number: int) -> MfaDevice:
    owner = user(number)
    return MfaDevice(
        id=f"device{number}",
        account=owner.account,
        name=f"phone{number}",
        created=NOW,
        kind=MfaKind.VIRTUAL,
        holder=owner.id,
        enabled=NOW,
        sealed_seed=b"?",
    )


def _person_password(number: int) -> PersonPassword:
    owner = account(number).id
    return PersonPassword(id=f"person{number}", account=owner, sealed_hashes=b"?", created=NOW, changed=NOW)


def _person_mfa_device(number: int) -> PersonMfaDevice:
    return PersonMfaDevice(
        id=f"person-device{number}",
        account=account(number).id,
        path=f"/person{number}/",
        name="phone",
        created=NOW,
        holder=f"person{number}",
        enabled=NOW,
        sealed_seed=b"?",
    )


def _saml_provider(number: int) -> SamlProvider:
    keys = tuple(SamlPrivateKey(id=f"KEY{number}{each}", sealed=b"?", created=NOW) for each in "ab")
    return SamlProvider(
        id=f"SAML{number}",
        account=account(number).id,
        name=f"idp{number}",
        created=NOW,
        document="<a/>",
        certificates={},
        valid_until=None,
        private_keys=keys,
    )


def _saml_application(number: int) -> SamlApplication:
    return SamlApplication(
        id=f"apl-{number}",
        account=account(number).id,
        acs_urls=("https://app.example/",),
        audience="app",
        subject="${user:subject}",
        subject_format="unspecified",
        keys=_signing_keys(number),
    )


def _request_signing(number: int) -> RequestSigning:
    return RequestSigning(id=f"ssoins-{number}", account=account(number).id, keys=_signing_keys(number))


def _signing_keys(number: int) -> SamlSigningKeys:
    return tuple(
        SamlSigningKey(id=f"KEY{number}{each}", certificate="", sealed=b"?", created=NOW, expires=NOW) for each in "ab"
    )


def _outbound_federation(number: int) -> OutboundFederation:
    keys = tuple(
        SigningKey(kid=f"kid{number}{algorithm}", algorithm=algorithm, public={}, sealed=b"?")
        for algorithm in SigningAlgorithm
    )
    return OutboundFederation(
        account=account(number).id, issuer=f"issuer{number}", enabled=True, keys=keys, created=NOW
    )


_SAMPLES: Mapping[type[Any], Callable[[int], Any]] = MappingProxyType(
    {
        AccessKey: _access_key,
        LoginProfile: _login_profile,
        MfaDevice: _mfa_device,
        PersonPassword: _person_password,
        PersonMfaDevice: _person_mfa_device,
        SamlProvider: _saml_provider,
        SamlApplication: _saml_application,
        RequestSigning: _request_signing,
        OutboundFederation: _outbound_federation,
    }
)
"""A kind without a sample fails every test that walks the kinds."""


def sample(kind: SealedKind[Any], keyring: Keyring, number: int) -> Any:
    """One of a kind, of the account and the user of that number; each secret in it is of its own."""
    return kind.changed(_SAMPLES[kind.entity](number), lambda _, place: keyring.seal(secret(place), context=place))


def secret(place: SealContext) -> bytes:
    """What was sealed for a place."""
    return f"secret of {place}".encode()


def add_samples(unit: UnitOfWork, keyring: Keyring) -> None:
    """Store all samples, and whom they belong to."""
    for number in NUMBERS:
        unit.add(account(number))
        unit.add(user(number))
        for kind in SEALED_KINDS:
            unit.add(sample(kind, keyring, number))


def values(entities: Mapping[type[Any], tuple[Any, ...]]) -> Iterator[tuple[bytes, SealContext]]:
    """Every sealed value among these entities."""
    return (value for kind in SEALED_KINDS for entity in entities[kind.entity] for value in kind.values(entity))
