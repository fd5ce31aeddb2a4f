"""Policy documents in the input of operations, measured and parsed before the lock of the writers.

A document of the longest input takes a processor for a good part of a second. INVARIANT: no other writer waits for it:
what is read stays with the call (`call.prepared`), so that under the lock nothing is measured or parsed again.
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

POOL = Pool(name="documents", size=1, waiting=64, seconds=5)
"""One at a time: parsing needs nothing but a processor."""
_ROOM = 10_000
"""Parts of documents that are remembered, at some 2 KB each; `Recent` holds twice that at most. A change keeps its own
documents with its call."""
_CHARACTERS_OF_PART = 1_000
"""As many characters of a document take as much memory as a part of it."""


class _Parsed(NamedTuple):
    weight: int
    outcome: Policy | Malformed


_lock = Lock()
"""Several threads ask: the writer's, and those of the pool."""


def new_memory() -> Recent[tuple[Grammar, str], _Parsed]:
    """An empty memory of documents that were parsed a moment ago."""
    return Recent(_ROOM, weigh=lambda parsed: parsed.weight)


_parsed = new_memory()


class ReadDocument(NamedTuple):
    """A document of an operation's input: the value of `call.prepared`."""

    text: str
    grammar: Grammar
    size: int
    """In characters, as the quota counts them."""
    outcome: Policy | Malformed | None
    """None for a document that is longer than its quota and is therefore not parsed."""


class ReadDocuments(NamedTuple):
    """Several documents of an operation's input: the value of `call.prepared`."""

    documents: tuple[ReadDocument, ...]


def document(call: AnyCall, text: str, grammar: Grammar, partition: str) -> Policy:
    """A document of the call, to be saved in an account of the partition; raises Malformed.

    It has no source, because it is not stored yet. A document that was not prepared is parsed now: its quota was raised
    in between, or the call changes nothing.
    """
    outcome = _of_call(call, text, grammar)
    if outcome is None:
        return parse_once(text, grammar, partition)
    return _check_outcome(outcome, partition)


def document_size(call: AnyCall, text: str) -> int:
    """The characters of a document of the call that its quota counts."""
    return next((read.size for read in _documents_read_before(call) if read.text == text), None) or counted_size(text)


def parse_once(text: str, grammar: Grammar, partition: str) -> Policy:
    """As `document`, for a call that changes nothing: the document is parsed now, or was a moment ago."""
    return _check_outcome(_parse_once(text, grammar), partition)


def parsed_before(member: str, grammar: Grammar, most: Callable[[Any], int]) -> Preparation:
    """For `prepare=` of an operation whose input has a document of that grammar under the name `member`.

    A document that is longer than the quota, which `most` finds among those of the service, is not parsed: the body
    refuses it.
    """
    return Preparation(pool=POOL, work=lambda call, given: read_document(given[member], grammar, most(call.quotas)))


def read_document(text: str, grammar: Grammar, most: int) -> ReadDocument:
    """The document, parsed unless it counts more than `most` characters."""
    size = counted_size(text)
    return ReadDocument(text, grammar, size, _parse_once(text, grammar) if size <= most else None)


def _of_call(call: AnyCall, text: str, grammar: Grammar) -> Policy | Malformed | None:
    return next(
        (read.outcome for read in _documents_read_before(call) if read.grammar is grammar and read.text == text), None
    )


def _documents_read_before(call: AnyCall) -> tuple[ReadDocument, ...]:
    """The documents of the call that were read before its turn."""
    read = call.prepared
    if isinstance(read, ReadDocuments):
        return read.documents
    return (read,) if isinstance(read, ReadDocument) else ()


def _check_outcome(outcome: Policy | Malformed, partition: str) -> Policy:
    if isinstance(outcome, Malformed):
        raise Malformed(outcome.message)
    check_partition(outcome.resources, partition)
    return outcome


def _parse_once(text: str, grammar: Grammar) -> Policy | Malformed:
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
        return Malformed(fault.message)  # without the traceback, which would keep the parser in memory
