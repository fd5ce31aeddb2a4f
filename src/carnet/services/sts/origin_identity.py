"""Trusted identity propagation through an identity provider: the context keys that come from a token or assertion.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_tip_federation_context_keys.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_TrustedIdentityPropagationContext.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.directory.identity_center import visible_instances
from carnet.directory.snapshot import Snapshot
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.saml_provider import SamlProvider
from carnet.identity.caller import VouchedSession
from carnet.oidc import refusals
from carnet.policy.request import Value

ORIGIN = "aws:OriginIdentity/"
_TRANSACTION = "aws:TransactionContext/IdentityProvider/"
_LONGEST_SUBJECT, _LONGEST_VALUE = 255, 128
"""AWS says the second one; the first one is that of OpenID Connect."""


def origin_keys(
    snapshot: Snapshot, provider: OidcProvider | SamlProvider, claims: Mapping[str, Value], *, issuer: str
) -> dict[str, str]:
    """The condition keys that an identity provider's context provider sets for a token or an assertion; none if it has
    no context provider.

    `claims` are those that can be condition keys. Only the subject must be there. Raises Refused (InvalidIdentityToken)
    if it is not, for a value that is not one text, or too long a one, and if the instance of IAM Identity Center that
    is associated with the provider is gone. INVARIANT: such a value is not left out instead, because a policy may deny
    by it.
    """
    context_provider: Mapping[str, Any] = provider.context_provider
    if not context_provider:
        return {}
    subject = context_provider["SubjectSourceKey"]
    if subject not in claims:
        raise refusals.missing(subject)
    keys = {"Subject": _text(subject, claims[subject], _LONGEST_SUBJECT)}
    if (kind := _subject_type(context_provider, claims)) is not None:
        keys["SubjectType"] = kind
    told = {f"{ORIGIN}{name}": value for name, value in keys.items()}
    told |= {f"{ORIGIN}Issuer": issuer, f"{ORIGIN}FederatedProviderArn": provider.arn}
    for definition in context_provider.get("KeyDefinitionList", ()):
        source = definition["SourceKey"]
        if source in claims:
            told[f"{_TRANSACTION}{definition.get('TargetKey', source)}"] = _text(source, claims[source])
    return told | _directory(snapshot, provider)


def propagated(session: VouchedSession) -> dict[str, Any]:
    """The answer's TrustedIdentityPropagationContext; no member if nothing was set, or if it shall not be shown."""
    if not session.context or not session.context_told:
        return {}
    context: dict[str, Any] = {"OriginIdentity": _below(ORIGIN, session.context)}
    if claims := _below(_TRANSACTION, session.context):
        context["TransactionContext"] = {"IdentityProvider": claims}
    return {"TrustedIdentityPropagationContext": context}


def _directory(snapshot: Snapshot, provider: OidcProvider | SamlProvider) -> dict[str, str]:
    """The instance of IAM Identity Center and the identity store that the groups of the subject are in."""
    if provider.identity_center_instance is None:
        return {}
    for instance in visible_instances(snapshot, provider.account):
        if instance.id == provider.identity_center_instance:
            return {
                "aws:IdentityCenterInstanceArn": instance.arn,
                "aws:IdentityStoreArn": instance.identity_store_arn,
            }
    raise refusals.invalid("The IAM Identity Center instance that is associated with the provider is gone.")


def _subject_type(context_provider: Mapping[str, Any], claims: Mapping[str, Value]) -> str | None:
    source: str | None = context_provider.get("SubjectTypeSourceKey")
    if source is not None:
        return _text(source, claims[source]) if source in claims else None
    return context_provider.get("SubjectTypeValue") or None


def _text(claim: str, value: Value, most: int = _LONGEST_VALUE) -> str:
    text = value if isinstance(value, str) else value[0] if len(value) == 1 else ""
    if not 0 < len(text) <= most:
        raise refusals.invalid(f"The claim {claim} must be one value of 1 to {most} characters.")
    return text


def _below(prefix: str, keys: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in keys.items() if key.startswith(prefix)}
