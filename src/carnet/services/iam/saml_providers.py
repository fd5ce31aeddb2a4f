"""SAML providers: metadata, and the private keys that decrypt encrypted assertions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Invalid, TooMany
from carnet.entities.saml_provider import EncryptionMode, SamlPrivateKey, SamlProvider
from carnet.identity.saml_private_keys import sealed_private_key
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
from carnet.services.iam.kinds import SAML_PROVIDERS
from carnet.services.iam.propagation_keys import propagation_keys
from carnet.services.iam.propagation_sentences import CONTEXT_OR_METADATA
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.saml_documents import Documents, invalid, read_before
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.request_tags import request_tags, tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateSAMLProviderRequestTypeDef,
        DeleteSAMLProviderRequestTypeDef,
        GetSAMLProviderRequestTypeDef,
        UpdateSAMLProviderRequestTypeDef,
    )


@iam.write(
    "CreateSAMLProvider",
    on=targets.new_saml_provider,
    also=(tagged_on_creation("iam:TagSAMLProvider"),),
    context=(request_tags, propagation_keys),
    prepare=read_before,
)
def create_saml_provider(call: WriteCall, given: CreateSAMLProviderRequestTypeDef) -> Answer:
    """Add a SAML provider with its metadata."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(SamlProvider)) >= quotas.saml_providers:
        raise TooMany(sentences.quota("SAMLProvidersPerAccount", quotas.saml_providers))
    read: Documents = call.prepared
    assert read.metadata is not None
    provider = SamlProvider(
        id=call.ids.saml(),
        account=call.account,
        partition=call.partition,
        name=given["Name"],
        created=call.now,
        tags=tags_of(call, SAML_PROVIDERS, given),
        document=given["SAMLMetadataDocument"],
        certificates=read.metadata.certificates,
        valid_until=read.metadata.valid_until,
        **new_propagation(call, given),
    )
    provider = _with_encryption(call, provider, given, provider_sentences.SAML_NO_KEY)
    SAML_PROVIDERS.add(call, provider)
    note_return(call.store, call.view, provider.arn, call.now)
    return shapes.created_saml_provider(provider)


@iam.read("GetSAMLProvider", on=targets.saml_provider)
def get_saml_provider(call: Call, given: GetSAMLProviderRequestTypeDef, provider: SamlProvider) -> Answer:
    """A SAML provider and its metadata, without its private keys."""
    return {**shapes.saml_provider(provider), **propagation_shape(call, provider)}


@iam.read("ListSAMLProviders", on=account_wide)
def list_saml_providers(call: Call, given: Mapping[str, object]) -> Answer:
    """All SAML providers of the account, by name; AWS does not page them."""
    providers = call.view.of(SamlProvider).sorted()
    return {"SAMLProviderList": listed_providers(call, providers, shapes.listed_saml_provider)}


@iam.write("UpdateSAMLProvider", on=targets.saml_provider_to_change, context=(propagation_keys,), prepare=read_before)
def update_saml_provider(call: WriteCall, given: UpdateSAMLProviderRequestTypeDef, provider: SamlProvider) -> Answer:
    """Replace the metadata, and change the encryption of assertions and the settings of identity propagation."""
    of_metadata = not given.keys().isdisjoint(_CHANGES) or changes_instance(given)
    if of_metadata and changes_context(given):
        raise invalid(CONTEXT_OR_METADATA)
    if not of_metadata and not changes_context(given):
        raise Invalid(provider_sentences.SAML_NO_UPDATES)
    read: Documents = call.prepared
    changed = replace(provider, **changed_propagation(call, given, provider))
    if read.metadata is not None:
        changed = replace(
            changed,
            document=given["SAMLMetadataDocument"],
            certificates=read.metadata.certificates,
            valid_until=read.metadata.valid_until,
        )
    SAML_PROVIDERS.save(call, provider, _with_encryption(call, changed, given, provider_sentences.SAML_NO_KEY_PRESENT))
    return {"SAMLProviderArn": provider.arn}


@iam.write("DeleteSAMLProvider", on=targets.saml_provider_to_change)
def delete_saml_provider(call: WriteCall, given: DeleteSAMLProviderRequestTypeDef, provider: SamlProvider) -> Answer:
    """Remove a SAML provider. Roles that trust it keep their trust policies, but nobody can assume them by it."""
    call.store.remove(provider)
    note_end(call.store, call.view, provider.arn, call.now)
    return {}


_CHANGES = ("SAMLMetadataDocument", "AssertionEncryptionMode", "AddPrivateKey", "RemovePrivateKey")


def _with_encryption(call: WriteCall, provider: SamlProvider, given: Mapping[str, Any], no_key: str) -> SamlProvider:
    """The provider with the requested private keys and encryption mode. Raises Refused and TooMany."""
    if "AddPrivateKey" in given and "RemovePrivateKey" in given:
        raise Invalid(provider_sentences.SAML_KEYS_ADDED_AND_REMOVED)
    if "RemovePrivateKey" in given:
        provider = _without_key(provider, given["RemovePrivateKey"])
    if "AddPrivateKey" in given:
        provider = _with_key(call, provider)
    mode = EncryptionMode(given.get("AssertionEncryptionMode", provider.encryption))
    if mode is EncryptionMode.REQUIRED and not provider.private_keys:
        gone = "RemovePrivateKey" in given
        raise invalid(provider_sentences.SAML_KEY_NOT_REMOVED if gone else no_key)
    return replace(provider, encryption=mode)


def _with_key(call: WriteCall, provider: SamlProvider) -> SamlProvider:
    most = call.quotas.private_keys_per_saml_provider
    if len(provider.private_keys) >= most:
        raise TooMany(provider_sentences.saml_keys_full(most))
    read: Documents = call.prepared
    assert read.private_key is not None
    key_id = call.ids.saml()
    sealed = sealed_private_key(call.parts.keyring, read.private_key, key_id, provider)
    added = SamlPrivateKey(id=key_id, sealed=sealed, created=call.now)
    return replace(provider, private_keys=(*provider.private_keys, added))


def _without_key(provider: SamlProvider, key_id: str) -> SamlProvider:
    left = tuple(key for key in provider.private_keys if key.id != key_id)
    if len(left) == len(provider.private_keys):
        raise invalid(provider_sentences.SAML_KEY_UNKNOWN)
    return replace(provider, private_keys=left)
