"""Trusted identity propagation through an identity provider: its context provider, its instance of IAM Identity Center.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextProvider.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProvider.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict, TypeVar

from carnet.base.faults import Refused
from carnet.directory.identity_center import visible_instances
from carnet.entities.entity import name_key
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.saml_provider import SamlProvider
from carnet.services.iam import propagation_sentences as sentences
from carnet.services.iam.shapes import Structure
from carnet.services.operation import Call

_SOURCE_KEY = re.compile(r"[A-Za-z0-9_.:/=+@#-]+(?: [A-Za-z0-9_.:/=+@#-]+)*", re.ASCII)
P = TypeVar("P", SamlProvider, OidcProvider)
_SOURCE_KEYS = ("SubjectSourceKey", "SubjectTypeSourceKey")


class Propagation(TypedDict):
    """The settings of an identity provider for trusted identity propagation."""

    context_provider: Mapping[str, object]
    identity_center_instance: str | None


def new_propagation(call: Call, given: Mapping[str, Any]) -> Propagation:
    """The settings that a provider is created with. Raises Refused (InvalidInput)."""
    context = _context_provider(given["ContextProvider"]) if "ContextProvider" in given else {}
    return Propagation(context_provider=context, identity_center_instance=_instance(call, given, context))


def changes_context(given: Mapping[str, Any]) -> bool:
    """Whether an update sets or removes the context provider. Raises Refused if it does both."""
    return _changes(given, "ContextProvider", "RemoveContextProvider")


def changes_instance(given: Mapping[str, Any]) -> bool:
    """Whether an update sets or removes the instance. Raises Refused if it does both."""
    return _changes(given, "IdentityCenterInstanceArn", "RemoveIdentityCenterInstance")


def changed_propagation(call: Call, given: Mapping[str, Any], provider: SamlProvider | OidcProvider) -> Propagation:
    """The settings after an update. Raises Refused (InvalidInput).

    INVARIANT: a provider with an instance has a context provider.
    """
    context, instance = provider.context_provider, provider.identity_center_instance
    if changes_context(given):
        context = _context_provider(given["ContextProvider"]) if "ContextProvider" in given else {}
        if not context and instance is not None:
            raise _invalid_input(sentences.INSTANCE_FIRST)
    if "IdentityCenterInstanceArn" in given:
        instance = _instance(call, given, context)
    elif changes_instance(given):
        if instance is None:
            raise _invalid_input(sentences.NO_INSTANCE_ASSOCIATED)
        instance = None
    return Propagation(context_provider=context, identity_center_instance=instance)


def propagation_shape(call: Call, provider: SamlProvider | OidcProvider) -> Structure:
    """The settings in the answer about a provider. Those that are not configured are left out."""
    told: Structure = {}
    if provider.context_provider:
        told["ContextProvider"] = dict(provider.context_provider)
    for instance in visible_instances(call.snapshot, call.account):
        if instance.id == provider.identity_center_instance:
            told["IdentityCenterInstanceArn"] = instance.arn
            told["IdentityStoreArn"] = instance.identity_store_arn
    return told


def listed_providers(call: Call, providers: Iterable[P], shape: Callable[[P], Structure]) -> list[Structure]:
    """Providers as the lists show them, each with whether an instance of IAM Identity Center is associated with it."""
    seen = {instance.id for instance in visible_instances(call.snapshot, call.account)}
    enabled = "IsTrustedIdentityPropagationEnabled"
    return [{**shape(one), enabled: one.identity_center_instance in seen} for one in providers]


def _changes(given: Mapping[str, Any], sets: str, removes: str) -> bool:
    removed: bool = given.get(removes, False)
    if sets in given and removed:
        raise _invalid_input(sentences.set_and_removed(sets, removes))
    return sets in given or removed


def _instance(call: Call, given: Mapping[str, Any], context_provider: Mapping[str, object]) -> str | None:
    """The requested id of an instance, which must be the account's or its organization's."""
    arn = given.get("IdentityCenterInstanceArn")
    if arn is None:
        return None
    if not context_provider:
        raise _invalid_input(sentences.CONTEXT_PROVIDER_FIRST)
    for instance in visible_instances(call.snapshot, call.account):
        if instance.arn == arn:
            return instance.id
    raise _invalid_input(sentences.instance_missing(arn))


def _context_provider(given: Mapping[str, Any]) -> Mapping[str, object]:
    """The settings of a context provider, once they are checked."""
    definitions = given.get("KeyDefinitionList", ())
    keys = [given[name] for name in _SOURCE_KEYS if name in given]
    keys += [key for definition in definitions for key in definition.values()]
    if not all(map(_SOURCE_KEY.fullmatch, keys)):
        raise _invalid_input(sentences.SOURCE_KEY)
    if "SubjectTypeValue" in given and "SubjectTypeSourceKey" in given:
        raise _invalid_input(sentences.SUBJECT_TYPE_TWICE)
    targets = [definition.get("TargetKey", definition["SourceKey"]) for definition in definitions]
    if len(set(map(name_key, targets))) < len(targets):
        raise _invalid_input(sentences.TARGET_KEY_TWICE)
    return dict(given)


def _invalid_input(sentence: str) -> Refused:
    return Refused("InvalidInput", sentence)
