"""What differs between the identity providers that an account has and those that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnet.directory.account_view import AccountView
from carnet.entities.entity import name_key
from carnet.entities.oidc_provider import SCHEME, OidcProvider
from carnet.entities.saml_provider import SamlProvider
from carnet.provisioning import families
from carnet.provisioning.differences import beyond, create, invoke, tag_steps
from carnet.provisioning.steps import Step
from carnet.provisioning.wanted import WantedOidcProvider, WantedSamlProvider


def oidc_provider_steps(view: AccountView, wanted: WantedOidcProvider) -> Iterator[Step]:
    """An OpenID Connect provider with its client ids and thumbprints."""
    provider = view.of(OidcProvider).named(name_key(wanted.name))
    if provider is None:
        given = {
            "Url": SCHEME + wanted.name,
            "ClientIDList": _as_list(wanted.client_ids),
            "ThumbprintList": _as_list(wanted.thumbprints),
            "ContextProvider": wanted.context_provider or None,
        }
        yield create("CreateOpenIDConnectProvider", given, None, wanted.tags)
        return
    named = {"OpenIDConnectProviderArn": provider.arn}
    for client_id in beyond(provider.client_ids, wanted.client_ids):  # first, since there is a quota
        yield invoke("RemoveClientIDFromOpenIDConnectProvider", **named, ClientID=client_id)
    for client_id in beyond(wanted.client_ids or (), provider.client_ids):
        yield invoke("AddClientIDToOpenIDConnectProvider", **named, ClientID=client_id)
    thumbprints = wanted.thumbprints
    if thumbprints is not None and {one.lower() for one in thumbprints} != set(provider.thumbprints):
        yield invoke("UpdateOpenIDConnectProviderThumbprint", **named, ThumbprintList=list(thumbprints))
    if (change := _context_change(provider, wanted)) is not None:
        yield invoke("UpdateOpenIDConnectProvider", **named, **change)
    yield from tag_steps(families.OIDC_TAGS, provider.arn, provider.tags, wanted.tags, str)


def saml_provider_steps(view: AccountView, wanted: WantedSamlProvider) -> Iterator[Step]:
    """A SAML provider and its metadata; how assertions are encrypted stays as it is."""
    provider = view.of(SamlProvider).named(name_key(wanted.name))
    if provider is None:
        given = {
            "Name": wanted.name,
            "SAMLMetadataDocument": wanted.document,
            "ContextProvider": wanted.context_provider or None,
        }
        yield create("CreateSAMLProvider", given, None, wanted.tags)
        return
    if provider.document != wanted.document:
        yield invoke("UpdateSAMLProvider", SAMLProviderArn=provider.arn, SAMLMetadataDocument=wanted.document)
    if (change := _context_change(provider, wanted)) is not None:
        yield invoke("UpdateSAMLProvider", SAMLProviderArn=provider.arn, **change)
    yield from tag_steps(families.SAML_TAGS, provider.arn, provider.tags, wanted.tags, str)


def _context_change(
    provider: OidcProvider | SamlProvider, wanted: WantedOidcProvider | WantedSamlProvider
) -> Mapping[str, Any] | None:
    """What an update is given for the context provider; None if it stays as it is."""
    if wanted.context_provider in (None, provider.context_provider):
        return None
    return {"ContextProvider": wanted.context_provider} if wanted.context_provider else {"RemoveContextProvider": True}


def _as_list(values: tuple[str, ...] | None) -> list[str] | None:
    return list(values) if values else None
