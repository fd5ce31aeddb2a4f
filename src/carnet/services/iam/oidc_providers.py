"""OpenID Connect providers, whose tokens an account's roles may trust.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Invalid, Refused, TooMany
from carnet.entities.oidc_provider import OidcProvider, issuer_name
from carnet.services.ended_keys import note_end, note_return
from carnet.services.iam import provider_sentences, sentences, shapes, targets
from carnet.services.iam.context_providers import (
    changed_propagation,
    changes_context,
    changes_instance,
    listed_providers,
    new_propagation,
    propagation_shape,
)
from carnet.services.iam.kinds import OIDC_PROVIDERS
from carnet.services.iam.propagation_keys import propagation_keys
from carnet.services.iam.propagation_sentences import ONE_CONFIGURATION
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.request_tags import request_tags, tagged_on_creation
from carnet.services.target import Target

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AddClientIDToOpenIDConnectProviderRequestTypeDef,
        CreateOpenIDConnectProviderRequestTypeDef,
        DeleteOpenIDConnectProviderRequestTypeDef,
        GetOpenIDConnectProviderRequestTypeDef,
        RemoveClientIDFromOpenIDConnectProviderRequestTypeDef,
        UpdateOpenIDConnectProviderThumbprintRequestTypeDef,
    )

_MOST_THUMBPRINTS = 5
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)


def new_oidc_provider(call: Call, given: Any) -> Target[()]:
    """The provider to create. Raises Invalid unless the URL can be that of an issuer."""
    name = issuer_name(given["Url"])
    if name is None:
        raise Invalid(provider_sentences.ISSUER_URL)
    return targets.new_provider(call, OidcProvider.resource_type, name)


@iam.write(
    "CreateOpenIDConnectProvider",
    on=new_oidc_provider,
    also=(tagged_on_creation("iam:TagOpenIDConnectProvider"),),
    context=(request_tags, propagation_keys),
)
def create_oidc_provider(call: WriteCall, given: CreateOpenIDConnectProviderRequestTypeDef) -> Answer:
    """Add a provider. Its server is not contacted yet; without thumbprints, it must have a certificate of a certificate
    authority that is trusted here."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(OidcProvider)) >= quotas.oidc_providers:
        raise TooMany(sentences.quota("OpenIdConnectProvidersPerAccount", quotas.oidc_providers))
    provider = OidcProvider(
        id=call.ids.uuid(),
        account=call.account,
        partition=call.partition,
        name=issuer_name(given["Url"]) or "",
        client_ids=_client_ids(quotas, given.get("ClientIDList", ())),
        thumbprints=_thumbprints(given.get("ThumbprintList", ())),
        **new_propagation(call, given),
        tags=tags_of(call, OIDC_PROVIDERS, given),
        created=call.now,
    )
    OIDC_PROVIDERS.add(call, provider)
    note_return(call.store, call.view, provider.arn, call.now)
    return shapes.created_oidc_provider(provider)


@iam.read("GetOpenIDConnectProvider", on=targets.oidc_provider)
def get_oidc_provider(call: Call, given: GetOpenIDConnectProviderRequestTypeDef, provider: OidcProvider) -> Answer:
    """A provider with all of its settings."""
    return {**shapes.oidc_provider(provider), **propagation_shape(call, provider)}


@iam.read("ListOpenIDConnectProviders", on=account_wide)
def list_oidc_providers(call: Call, given: Mapping[str, object]) -> Answer:
    """The ARNs of all providers, and which of them are for trusted identity propagation."""
    providers = call.view.of(OidcProvider).sorted()
    return {"OpenIDConnectProviderList": listed_providers(call, providers, lambda one: {"Arn": one.arn})}


@iam.write("DeleteOpenIDConnectProvider", on=targets.oidc_provider_to_remove)
def delete_oidc_provider(
    call: WriteCall, given: DeleteOpenIDConnectProviderRequestTypeDef, provider: OidcProvider
) -> Answer:
    """Remove a provider. Roles that trust it keep their trust policies, but nobody can assume them by it."""
    call.store.remove(provider)
    note_end(call.store, call.view, provider.arn, call.now)
    return {}


@iam.write("UpdateOpenIDConnectProviderThumbprint", on=targets.oidc_provider)
def update_thumbprint(
    call: WriteCall, given: UpdateOpenIDConnectProviderThumbprintRequestTypeDef, provider: OidcProvider
) -> Answer:
    """Replace the whole list of thumbprints."""
    if not given["ThumbprintList"]:
        raise Refused("InvalidInput", provider_sentences.THUMBPRINTS_EMPTY)
    OIDC_PROVIDERS.save(call, provider, replace(provider, thumbprints=_thumbprints(given["ThumbprintList"])))
    return {}


@iam.write("AddClientIDToOpenIDConnectProvider", on=targets.oidc_provider)
def add_client_id(
    call: WriteCall, given: AddClientIDToOpenIDConnectProviderRequestTypeDef, provider: OidcProvider
) -> Answer:
    """Add an audience whose tokens are accepted; nothing changes if it is there already."""
    client_ids = _client_ids(call.quotas, (*provider.client_ids, given["ClientID"]))
    OIDC_PROVIDERS.save(call, provider, replace(provider, client_ids=client_ids))
    return {}


@iam.write("RemoveClientIDFromOpenIDConnectProvider", on=targets.oidc_provider)
def remove_client_id(
    call: WriteCall, given: RemoveClientIDFromOpenIDConnectProviderRequestTypeDef, provider: OidcProvider
) -> Answer:
    """Remove an audience whose tokens are accepted; nothing changes if it is not there."""
    client_ids = tuple(one for one in provider.client_ids if one != given["ClientID"])
    OIDC_PROVIDERS.save(call, provider, replace(provider, client_ids=client_ids))
    return {}


@iam.write("UpdateOpenIDConnectProvider", on=targets.oidc_provider, context=(propagation_keys,))
def update_oidc_provider(call: WriteCall, given: Mapping[str, Any], provider: OidcProvider) -> Answer:
    """Set or remove the context provider, or the instance of IAM Identity Center."""
    if changes_context(given) == changes_instance(given):
        raise Refused("InvalidInput", ONE_CONFIGURATION)
    OIDC_PROVIDERS.save(call, provider, replace(provider, **changed_propagation(call, given, provider)))
    return {}


def _client_ids(quotas: IamQuotas, given: Iterable[str]) -> tuple[str, ...]:
    client_ids = tuple(dict.fromkeys(given))
    if len(client_ids) > quotas.client_ids_per_oidc_provider:
        raise TooMany(sentences.quota("ClientIdsPerOpenIdConnectProvider", quotas.client_ids_per_oidc_provider))
    return client_ids


def _thumbprints(given: Iterable[str]) -> tuple[str, ...]:
    thumbprints = tuple(dict.fromkeys(one.lower() for one in given))
    if len(thumbprints) > _MOST_THUMBPRINTS:
        raise Refused("InvalidInput", provider_sentences.THUMBPRINTS_FULL)
    if not all(map(_THUMBPRINT.fullmatch, thumbprints)):
        raise Refused("InvalidInput", provider_sentences.THUMBPRINT)
    return thumbprints
