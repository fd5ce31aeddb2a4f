"""The ProvidedContexts of AssumeRole: the person on whose behalf an application acts.

https://docs.aws.amazon.com/STS/latest/APIReference/API_ProvidedContext.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Invalid, Refused
from carnet.identity.identity_context import Asserted, asserted, context_provider
from carnet.identity.oauth_tokens import IdentityContext, opened
from carnet.policy.request import Value
from carnet.services.operation import Call


def provided_context(call: Call, given: Mapping[str, Any]) -> Asserted | None:
    """The contents of a request's context assertion; None if there is none.

    Raises Invalid for another provider than IAM Identity Center and for more than one assertion; Refused for one that
    was not made here or whose person is gone (InvalidContextAssertion), and for one that has expired.
    """
    contexts = given.get("ProvidedContexts", ())
    if not contexts:
        return None
    provider = context_provider(call.partition)
    for context in contexts:
        if context.get("ProviderArn") != provider:
            raise Invalid(f"{context.get('ProviderArn', '')} is not a known context provider.")
    if len(contexts) > 1:
        raise Invalid("A role session can have one context assertion of a context provider.")
    text = contexts[0].get("ContextAssertion", "")
    context = opened(call.parts.keyring, IdentityContext, text)
    found = asserted(call.snapshot, context) if context is not None else None
    if context is None or found is None:
        raise Refused("InvalidContextAssertion", "The provided context assertion is invalid.")
    if call.now_ms >= context.expires_ms:
        raise Refused("ExpiredTokenException", "The provided context assertion is expired.")
    return found


def context_keys(call: Call, given: Mapping[str, Any]) -> dict[str, Value]:
    """The condition keys of the requested contexts of a session; raises what `provided_context` raises."""
    found = provided_context(call, given)
    if found is None:
        return {}
    return requested_context(context_provider(call.partition), found.request_keys)


def requested_context(provider: str, keys: Mapping[str, str]) -> dict[str, Value]:
    """The condition keys of a request for a context: `keys` are those that the provider of that ARN sets."""
    told: dict[str, Value] = {f"sts:RequestContext/{key}": value for key, value in keys.items()}
    return {**told, "sts:RequestContextProviders": (provider,)}
