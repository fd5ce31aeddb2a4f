"""Looks condition keys up in a request's context. The only place that knows which namespace a key belongs to.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import repeat
from typing import cast

from carnet.policy.aws_facts import MULTIVALUED_FAMILIES, MULTIVALUED_KEYS, PRINCIPAL_KEYS
from carnet.policy.patterns import ascii_lower
from carnet.policy.request import Context, Value, Values

PRINCIPAL_PREFIX = "aws:principal"
RESOURCE_PREFIX = "aws:resource"
RESOURCE_ACCOUNT = "aws:ResourceAccount"
_KEYS_KEPT = 16_384
RESOURCE_TAG = "resourcetag/"
"""In every service's namespace, what tells of the resource's own tags (`ec2:ResourceTag/...`)."""


def namespaces(context: Context, key: str) -> tuple[Values, ...]:
    """Where `key`, in lower case, may be read from, first what the server knows and last what the request says."""
    if key.startswith(PRINCIPAL_PREFIX) or key in PRINCIPAL_KEYS:
        return (context.principal,)
    if key.startswith(RESOURCE_PREFIX) or key.partition(":")[2].startswith(RESOURCE_TAG):
        return (context.resource,)
    return (context.principal, context.resource, context.request)


def in_namespaces(keys: Mapping[str, Value]) -> Context:
    """Each key where it is read from; one that may stand in several places stands with the request."""
    homes: tuple[dict[str, Value], ...] = ({}, {}, {})
    principal, request, resource = homes
    context = Context(principal=principal, request=request, resource=resource)
    for key, value in keys.items():
        read_last = namespaces(context, ascii_lower(key))[-1]
        next(home for home in homes if home is read_last)[key] = value
    return context


def lookup(context: Context, key: str) -> Value | None:
    """The value of a condition key, found without regard to ASCII case; None if the request has none.

    A multivalued key without values counts as missing. Raises TypeError for a value that is none (`several_of`).
    """
    folded = ascii_lower(key)
    for values in namespaces(context, folded):
        value = _find(values, key, folded)
        found = value if isinstance(value, str) else several_of(key, value)
        if found is not None:
            return found
    return None


def several_of(key: str, value: object) -> Value | None:
    """A value that is no text: several texts; None if there are none.

    Raises TypeError for all else. INVARIANT: it is refused rather than ignored, since a Deny that asks for `"false"`
    would not apply to False, nor one that asks for a number below `"1.2"` to 1.0.
    """
    if value is None:
        return None
    if isinstance(value, tuple | list) and all(map(isinstance, value, repeat(str))):
        return cast(Value, value) or None
    told = '"true" or "false"' if isinstance(value, bool) else "text, or a tuple of texts"
    raise TypeError(f"the value of the condition key {key} must be {told}, not {value!r}")


@lru_cache(_KEYS_KEPT)
def is_multivalued(key: str) -> bool:
    """Whether AWS documents the key as one of several values, however many a request has."""
    folded = ascii_lower(key)
    return folded in MULTIVALUED_KEYS or any(
        folded.startswith(begin) and not folded.endswith(single) for begin, single in MULTIVALUED_FAMILIES
    )


def _find(values: Values, key: str, folded: str) -> Value | None:
    if key in values:
        return values[key]
    spellings = [spelling for spelling in values if ascii_lower(spelling) == folded]
    return values[min(spellings)] if spellings else None
