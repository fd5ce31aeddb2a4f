"""Policy documents as they are stored, parsed once and shared by everyone they apply to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnet.base.faults import Malformed
from carnet.policy.document import Grammar, Policy, parse

_PARSED_POLICIES = 20_000
_DENY_EVERYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
_DENY_EVERYBODY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}'
_ALLOW_NOTHING = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"*","Resource":"*"}}'  # matches no action
)


@lru_cache(_PARSED_POLICIES)
def stored_policy(text: str, grammar: Grammar, source: str) -> Policy:
    """A stored document as a policy.

    Whatever is stored was accepted once. Should this release not understand it any more, it denies everything: a
    Deny that cannot be read must not turn into silence.
    """
    try:
        return parse(text, grammar, source=source)
    except Malformed:
        return parse(_DENY_EVERYTHING, Grammar.IDENTITY, source=f"{source} (unreadable)")


def trust_policy(text: str, source: str, principal_ids: Mapping[str, str]) -> Policy | None:
    """A role's trust policy, its principals bound to unique ids; None (nobody is trusted) where it is unreadable."""
    return _trust_policy(text, source, tuple(principal_ids.items()))


@lru_cache(_PARSED_POLICIES)
def _trust_policy(text: str, source: str, principal_ids: tuple[tuple[str, str], ...]) -> Policy | None:
    try:
        return parse(text, Grammar.TRUST, source=source, principal_ids=dict(principal_ids))
    except Malformed:
        return None


@lru_cache(1)
def everything_denied() -> Policy:
    """Stands for a resource-based policy that cannot be read: it denies everybody everything."""
    return parse(_DENY_EVERYBODY, Grammar.RESOURCE, source="(unreadable policy)")


@lru_cache(1)
def nothing_allowed() -> Policy:
    """Stands for a policy that is named and gone, such as a deleted boundary: it allows nothing."""
    return parse(_ALLOW_NOTHING, Grammar.IDENTITY, source="(missing policy)")
