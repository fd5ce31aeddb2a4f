"""Condition keys that restrict who may configure trusted identity propagation through an identity provider.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Fault
from carnet.directory.identity_center import visible_instances
from carnet.entities.oidc_provider import OidcProvider, issuer_name
from carnet.entities.saml_provider import SamlProvider
from carnet.policy.request import Value
from carnet.saml.key_hash import key_hashes
from carnet.services.iam.saml_documents import Documents
from carnet.services.operation import Call
from carnet.services.target import Keys, Target


def propagation_keys(
    call: Call, given: Mapping[str, Any], target: Target[()] | Target[OidcProvider] | Target[SamlProvider]
) -> Keys:
    """Whether a request enables it, for which issuers and with which instance, and those that the provider has now.

    Issuers are called as `aws:OriginIdentity/Issuer` calls them.
    """
    keys: dict[str, Value] = {
        "iam:EnableIdentityPropagation": _flag("ContextProvider" in given),
        "iam:EnableIdentityCenterAssociation": _flag("IdentityCenterInstanceArn" in given),
    }
    if issuers := _requested_issuers(call, given):
        keys["iam:RequestIdentityProviderIssuers"] = issuers
    if "IdentityCenterInstanceArn" in given:
        keys["iam:RequestIdentityCenterInstanceArn"] = given["IdentityCenterInstanceArn"]
    if not isinstance(target.found, Fault) and target.found:
        keys |= _provider_keys(call, target.found[0])
    return keys


def _requested_issuers(call: Call, given: Mapping[str, Any]) -> tuple[str, ...]:
    if "Url" in given:
        return (issuer_name(given["Url"]) or "",)
    read = call.prepared
    if isinstance(read, Documents) and read.metadata is not None:
        return tuple(key_hashes(*read.metadata.certificates.values()))
    return ()


def _provider_keys(call: Call, provider: OidcProvider | SamlProvider) -> dict[str, Value]:
    issuers = (
        (provider.name,) if isinstance(provider, OidcProvider) else tuple(key_hashes(*provider.certificates.values()))
    )
    keys: dict[str, Value] = {"iam:ResourceIdentityProviderIssuers": issuers} if issuers else {}
    for instance in visible_instances(call.snapshot, call.account):
        if instance.id == provider.identity_center_instance:
            keys["iam:ResourceIdentityCenterInstanceArn"] = instance.arn
    return keys


def _flag(value: bool) -> str:
    return "true" if value else "false"
