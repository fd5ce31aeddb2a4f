"""Policy documents in the input of operations, parsed before the lock of the writers and found parsed under it.

A document of the longest input takes a processor for a good part of a second. INVARIANT: no other writer waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

from carnet.base.faults import Malformed
from carnet.policy.document import Grammar, Policy, counted_size, parse
from carnet.policy.engine.recent import Recent
from carnet.policy.validation import check_partition
from carnet.services.operation import AnyCall
from carnet.services.preparing import Pool, Preparation

_POOL = Pool(name="documents", size=1, waiting=64, seconds=5)
"""One at once: parsing never waits for anything but a processor."""
_ROOM = 50_000
"""Parts of documents that are remembered, at some 2 KB each: more than those of all changes that may wait for their
turn, if they are of usual length."""
_CHARACTERS_OF_PART = 1_000
"""As many characters of a document take as much memory as a part of it."""


class _Parsed(NamedTuple):
    weight: int
    outcome: Policy | Malformed


_lock = Lock()
"""Several threads ask: the writer's, and those of the pool."""
_parsed: Recent[tuple[Grammar, str], _Parsed] = Recent(_ROOM, weigh=lambda parsed: parsed.weight)


def parse_once(text: str, grammar: Grammar, partition: str) -> Policy:
    """The document, parsed now or a moment ago, to be saved in an account of the partition; raises Malformed.

    It has no source: it is not stored yet.
    """
    outcome = _remembered(text, grammar)
    if isinstance(outcome, Malformed):
        raise Malformed(outcome.message)
    check_partition(outcome.resources, partition)
    return outcome


def parsed_before(member: str, grammar: Grammar, most: Callable[[Any], int]) -> Preparation:
    """For `prepare=` of an operation whose input has a document of that grammar under the name `member`.

    A document that is longer than the quota, which `most` finds among those of the service, is left alone, for the body
    refuses it unparsed.
    """

    def choose(call: AnyCall, given: Any) -> Grammar | None:
        return grammar if counted_size(given[member]) <= most(call.quotas) else None

    return parsed_before_as(member, choose)


def parsed_before_as(member: str, choose: Callable[[Any, Any], Grammar | None]) -> Preparation:
    """As `parsed_before`, by the grammar that `choose` finds for (call, given); if None, the document is left alone."""

    def work(call: AnyCall, given: Any) -> None:
        grammar = choose(call, given)
        if grammar is not None:
            _remembered(given[member], grammar)

    return Preparation(pool=_POOL, work=work)


def _remembered(text: str, grammar: Grammar) -> Policy | Malformed:
    with _lock:
        known = _parsed.get((grammar, text))
    if known is None:
        known = _parsed_now(text, grammar)
        with _lock:
            _parsed.put((grammar, text), known)
    return known.outcome


def _parsed_now(text: str, grammar: Grammar) -> _Parsed:
    outcome = _outcome(text, grammar)
    parts = outcome.parts if isinstance(outcome, Policy) else 1
    return _Parsed(parts + len(text) // _CHARACTERS_OF_PART, outcome)


def _outcome(text: str, grammar: Grammar) -> Policy | Malformed:
    try:
        return parse(text, grammar)
    except Malformed as fault:
        return Malformed(fault.message)  # without the traceback, which would hold on to the parser
