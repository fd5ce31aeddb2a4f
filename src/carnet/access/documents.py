"""Policy documents as they are stored, parsed once and shared by everyone they apply to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnet.policy.document import Grammar, Policy, parse, understand
from carnet.policy.engine.recent import Recent

_ROOM = 250_000
"""Parts of policies that are remembered, at some 2 KB each: some 20,000 policies. Of session policies a caller may make
any number."""
_DENY_EVERYBODY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}'
_ALLOW_NOTHING = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"*","Resource":"*"}}'  # matches no action
)


_understood: Recent[tuple[object, ...], Policy] = Recent(_ROOM, lambda policy: policy.parts)


def stored_policy(text: str, grammar: Grammar, source: str) -> Policy:
    """A stored document as a policy. Whatever of it is not understood fails closed."""
    key = (text, grammar, source)
    return _understood.get(key) or _understood.put(key, understand(text, grammar, source=source))


def bound_policy(text: str, grammar: Grammar, source: str, principal_ids: Mapping[str, str]) -> Policy:
    """A resource-based policy, its principals bound to unique ids."""
    key = (text, grammar, source, tuple(principal_ids.items()))
    return _understood.get(key) or _understood.put(
        key, understand(text, grammar, source=source, principal_ids=dict(principal_ids))
    )


@lru_cache(1)
def everything_denied() -> Policy:
    """Stands for a resource-based policy that cannot be read: it denies everybody everything."""
    return parse(_DENY_EVERYBODY, Grammar.RESOURCE, source="(unreadable policy)")


@lru_cache(1)
def nothing_allowed() -> Policy:
    """Stands for a policy that is named and gone, such as a deleted boundary: it allows nothing."""
    return parse(_ALLOW_NOTHING, Grammar.IDENTITY, source="(missing policy)")
