"""Trusted identity propagation through an OpenID Connect provider: what its context provider takes from a token.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_tip_federation_context_keys.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_TrustedIdentityPropagationContext.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.oidc import refusals
from carnet.policy.request import Value

_ORIGIN = "aws:OriginIdentity/"
_TRANSACTION = "aws:TransactionContext/IdentityProvider/"
_LONGEST_SUBJECT, _LONGEST_VALUE = 255, 128
"""AWS says the second one; the first one is that of OpenID Connect."""


def origin_keys(
    context_provider: Mapping[str, Any], claims: Mapping[str, Value], *, arn: str, issuer: str
) -> dict[str, str]:
    """The condition keys that the settings of a context provider make of a token; none if nothing is set.

    `claims` are those that can be condition keys; `arn` and `issuer` are the provider's. Only the subject must be
    there. Raises Refused (InvalidIdentityToken) if it is not, and for a value that is not one text, or too long a one.
    INVARIANT: such a value is not left out instead, as a policy may deny by it.
    """
    if not context_provider:
        return {}
    subject = context_provider["SubjectSourceKey"]
    if subject not in claims:
        raise refusals.missing(subject)
    keys = {"Subject": _text(subject, claims[subject], _LONGEST_SUBJECT)}
    if (kind := _subject_type(context_provider, claims)) is not None:
        keys["SubjectType"] = kind
    told = {f"{_ORIGIN}{name}": value for name, value in keys.items()}
    told |= {f"{_ORIGIN}Issuer": issuer, f"{_ORIGIN}FederatedProviderArn": arn}
    for definition in context_provider.get("KeyDefinitionList", ()):
        source = definition["SourceKey"]
        if source in claims:
            told[f"{_TRANSACTION}{definition.get('TargetKey', source)}"] = _text(source, claims[source])
    return told


def propagated(keys: Mapping[str, str]) -> dict[str, Any]:
    """The answer's TrustedIdentityPropagationContext; no member if nothing was set."""
    if not keys:
        return {}
    context: dict[str, Any] = {"OriginIdentity": _below(_ORIGIN, keys)}
    if claims := _below(_TRANSACTION, keys):
        context["TransactionContext"] = {"IdentityProvider": claims}
    return {"TrustedIdentityPropagationContext": context}


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
