"""The identity source of an instance of IAM Identity Center. AWS has it in its console alone.

People sign in here, by passwords, or with an external identity provider by SAML 2.0. Whoever it vouches for must be in
the identity store already: it makes nobody.

https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source.html
https://docs.aws.amazon.com/singlesignon/latest/userguide/samlfederationconcept.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from carnet.base.faults import Invalid
from carnet.base.loopback import is_loopback_host
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, request_signing
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.services.identity_center import owned_instance
from carnet.services.operator_event import operator_event
from carnet.services.preparing import Pool
from carnet.services.request_signing import told_of_keys
from carnet.services.transaction import OperatorCall
from carnet.store.unit_of_work import Unit

if TYPE_CHECKING:
    pass

READING = Pool(name="identity-source-metadata", size=1, waiting=8, seconds=10.0)
LONGEST_METADATA = 75_000
DIRECTORY, EXTERNAL = "IDENTITY_CENTER_DIRECTORY", "EXTERNAL_IDENTITY_PROVIDER"
_LONGEST_URL = 1024
_URL = re.compile(r"[!-~]+", re.ASCII)
_AUTHORITY = re.compile(r"[A-Za-z0-9._~:\[\]-]+", re.ASCII)
"""INVARIANT: a host that is written into a Content-Security-Policy ends none of its directives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProvider:
    """What the metadata of an identity provider says."""

    issuer: str
    sign_in_url: str
    certificates: tuple[str, ...]
    valid_until: datetime | None
    wants_signed_requests: bool
    document: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """What an instance is to its external identity provider: what that has to be told of it."""

    entity_id: str
    """Its issuer URL, and the audience of assertions. Its metadata is read there."""
    acs_url: str
    """Its assertion consumer service."""


def service_provider(url: str, identity_store: str) -> ServiceProvider:
    """The names of the instance with that identity store; `url` is where browsers find it."""
    return ServiceProvider(
        entity_id=f"{url}/saml/metadata/{identity_store}", acs_url=f"{url}/saml/acs/{identity_store}"
    )


def read_provider(text: str) -> ReadProvider:
    """What a metadata document says of its one identity provider. Raises Invalid."""
    from carnet.base.bounded_xml import BadXml
    from carnet.saml.metadata import parse_metadata

    if len(text) > LONGEST_METADATA:
        raise Invalid(f"The metadata has more than {LONGEST_METADATA} characters.")
    try:
        read = parse_metadata(text)
    except BadXml as problem:
        raise Invalid(f"The metadata is not valid: {problem}.") from problem
    if len(read.certificates) != 1:
        raise Invalid(f"The metadata describes {len(read.certificates)} identity providers, and it must be one.")
    ((issuer, certificates),) = read.certificates.items()
    return ReadProvider(
        issuer=issuer,
        sign_in_url=_sign_in_url(read.sign_in_urls.get(issuer)),
        certificates=certificates,
        valid_until=read.valid_until,
        wants_signed_requests=issuer in read.asks_for_signed_requests,
        document=text,
    )


def is_posted_to(provider: ExternalIdentityProvider) -> bool:
    """Whether its metadata lets it take authentication requests by HTTP-POST alone."""
    from carnet.saml.metadata import parse_metadata

    return provider.issuer in parse_metadata(provider.document).posted_to


def _sign_in_url(text: str | None) -> str:
    if text is None:
        raise Invalid("The metadata has no SingleSignOnService with the binding HTTP-Redirect or HTTP-POST.")
    try:
        parts = urlsplit(text)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))
    except ValueError:
        raise Invalid("The address of the SingleSignOnService cannot be read.") from None
    if not safe or not parts.hostname or parts.username is not None or parts.fragment:
        raise Invalid("The SingleSignOnService must have an https address (http on loopback), and without a fragment.")
    if len(text) > _LONGEST_URL or _URL.fullmatch(text) is None or _AUTHORITY.fullmatch(parts.netloc) is None:
        raise Invalid(
            f"The address of the SingleSignOnService has more than {_LONGEST_URL} characters, or strange ones."
        )
    return text


def use_external_provider(
    unit: Unit, snapshot: Snapshot, *, account: str, read: ReadProvider, now: datetime
) -> ExternalIdentityProvider:
    """Let an external identity provider vouch for the people of the instance of an account. Raises Missing, Invalid.

    Passwords of people count no longer, and whoever was signed in by another identity source is signed out. Who asks
    for it writes the audit event.
    """
    view, instance = owned_instance(snapshot, account)
    if read.valid_until is not None and now >= read.valid_until:
        raise Invalid(f"The metadata was good until {iso_seconds(read.valid_until)} (validUntil).")
    if read.wants_signed_requests and request_signing(view) is None:
        raise Invalid(
            "The identity provider takes signed authentication requests alone (WantAuthnRequestsSigned). Add a key "
            "that signs them (carnet sso identity-source key add), and let it read the metadata of the instance."
        )
    before = external_provider(view)
    after = ExternalIdentityProvider(
        id=instance.id,
        account=account,
        issuer=read.issuer,
        sign_in_url=read.sign_in_url,
        certificates=read.certificates,
        valid_until=read.valid_until,
        document=read.document,
        created=now if before is None else before.created,
    )
    if before is None:
        unit.add(after)
    else:
        unit.save(after)
    if before is None or before.issuer != after.issuer:
        _sign_everybody_out(unit, view)
    return after


def use_directory(unit: Unit, snapshot: Snapshot, *, account: str) -> None:
    """Let people sign in by passwords again, and sign out whom the external provider has vouched for. Raises Missing.

    Those who never had a password need an invitation.
    """
    view, _ = owned_instance(snapshot, account)
    before = external_provider(view)
    if before is not None:
        unit.remove(before)
        _sign_everybody_out(unit, view)


def _sign_everybody_out(unit: Unit, view: AccountView) -> None:
    """End what people have begun by the identity source that was there before, in browsers and in clients."""
    for browser in view.of(BrowserSession):
        if browser.kind is HolderKind.PERSON:
            unit.remove(browser)
    for session in view.of(OAuthSession):
        if session.kind is Grantor.PERSON and not session.revoked:
            unit.save(replace(session, revoked=True))


def identity_source(snapshot: Snapshot, account: str, url: str) -> Mapping[str, object]:
    """The identity source of the instance of an account, and what an identity provider has to be told. Raises Missing.

    `url` is where browsers find the instance.
    """
    view, instance = owned_instance(snapshot, account)
    own, provider = service_provider(url, instance.identity_store), external_provider(view)
    told: dict[str, object] = {
        "account": account,
        "identityStoreId": instance.identity_store,
        "identitySource": DIRECTORY if provider is None else EXTERNAL,
        "issuerUrl": own.entity_id,
        "acsUrl": own.acs_url,
        "signingKeys": told_of_keys(view),
    }
    return told if provider is None else told | told_of(provider)


def told_of(provider: ExternalIdentityProvider) -> dict[str, object]:
    """What is said of an external provider, also in the audit log."""
    until = provider.valid_until
    return {
        "providerIssuer": provider.issuer,
        "providerSignInUrl": provider.sign_in_url,
        "certificates": len(provider.certificates),
        "validUntil": None if until is None else iso_seconds(until),
    }


def use_external_provider_here(call: OperatorCall, *, account: str, read: ReadProvider) -> None:
    """`use_external_provider` as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        unit, snapshot = transaction.unit, transaction.snapshot
        made = use_external_provider(unit, snapshot, account=account, read=read, now=call.now)
        unit.audit(operator_event("UseExternalIdentityProvider", {"account": account, **told_of(made)}, call.now))


def use_directory_here(call: OperatorCall, *, account: str) -> None:
    """`use_directory` as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        use_directory(transaction.unit, transaction.snapshot, account=account)
        transaction.unit.audit(operator_event("UseIdentityCenterDirectory", {"account": account}, call.now))
