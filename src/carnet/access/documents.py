"""Stored policy documents, each parsed once and shared by all principals that it applies to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from carnet.directory.memo import forget_policies
from carnet.policy.at_once import spend
from carnet.policy.document import Grammar, Policy, parse, understand
from carnet.policy.engine.recent import Recent
from carnet.policy.engine.shares import Shares

_ROOM = 60_000
"""Parts of stored policies that are remembered, at some 2 KB each; `Recent` holds twice that at most."""
_SESSIONS_ROOM, _SESSIONS_ACCOUNTS = 1_000, 24
"""The same for session policies, per account, because a caller may make any number of them; and for how many
accounts."""
_CHARACTERS_OF_PART = 1_000
"""So many characters of a document take as much memory as one of its parts."""
_DENY_EVERYBODY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}'
_ALLOW_EVERYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
_ALLOW_NOTHING = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"*","Resource":"*"}}'  # matches no action
)


def _weight(policy: Policy) -> int:
    return policy.parts + len(policy.text) // _CHARACTERS_OF_PART


def _memory(room: int, turned: Callable[[], None] = lambda: None) -> Recent[tuple[object, ...], Policy]:
    return Recent(room, _weight, turned)


_understood = _memory(_ROOM, forget_policies)
"""INVARIANT: a stored policy that is held elsewhere is in here, too, so that the room bounds all of them. After
`forget_policies` the policies of a principal are gathered anew, out of the old generation."""
_of_sessions = Shares(_SESSIONS_ACCOUNTS, lambda: _memory(_SESSIONS_ROOM))


def session_policy(text: str, source: str, account: str) -> Policy:
    """A policy of a session of the account. What is not understood fails closed."""
    key, memory = (text, source), _of_sessions.of(account)
    return memory.get(key) or memory.put(key, _understand(text, Grammar.SESSION, source))


def stored_policy(text: str, grammar: Grammar, source: str) -> Policy:
    """A stored document as a policy. What is not understood fails closed."""
    key = (text, grammar, source)
    return _understood.get(key) or _understood.put(key, _understand(text, grammar, source))


def bound_policy(text: str, grammar: Grammar, source: str, principal_ids: Mapping[str, str]) -> Policy:
    """A resource-based policy whose principals are bound to unique ids. What is not understood fails closed."""
    key = (text, grammar, source, tuple(principal_ids.items()))
    return _understood.get(key) or _understood.put(key, _understand(text, grammar, source, principal_ids))


def _understand(text: str, grammar: Grammar, source: str, principal_ids: Mapping[str, str] | None = None) -> Policy:
    spend(len(text))
    return understand(text, grammar, source=source, principal_ids=dict(principal_ids or {}))


@lru_cache(1)
def everything_denied() -> Policy:
    """Takes the place of a resource-based policy that cannot be read: it denies everything to everyone."""
    return parse(_DENY_EVERYBODY, Grammar.RESOURCE, source="(unreadable policy)")


@lru_cache(4)
def everything_allowed(source: str) -> Policy:
    """An identity policy that allows everything. It stands for one that would not restrict anything; `source` names it
    in explanations."""
    return parse(_ALLOW_EVERYTHING, Grammar.IDENTITY, source=source)


@lru_cache(1)
def nothing_allowed() -> Policy:
    """Takes the place of a policy that is referred to and does not exist, such as a deleted boundary: it allows
    nothing."""
    return parse(_ALLOW_NOTHING, Grammar.IDENTITY, source="(missing policy)")
