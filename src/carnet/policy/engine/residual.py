"""What is left of a row of layers for one place among the resources, once the principal is known: partial evaluation.

A residual is the part of the policies that a request of that principal still has to be tested against. Statements that
cannot apply are gone, conditions and variables that the principal settles are evaluated, and a layer that holds an
Allow without further tests is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from carnet.policy.decide import LAST_GATES
from carnet.policy.decision import OF_ORGANIZATION, Decision, Layer
from carnet.policy.engine.conditions import Test
from carnet.policy.engine.context_reader import ContextReader
from carnet.policy.engine.effect_entries import EffectEntries, allowing, denying
from carnet.policy.engine.entry import Entry
from carnet.policy.engine.patterns import CompiledArn, Match, any_match
from carnet.policy.engine.policy import CompiledStatement
from carnet.policy.principals import Named
from carnet.policy.request import Principal

_OWN_CAPS = (Layer.BOUNDARY, Layer.SESSION)
_OF_SESSION = (Layer.SESSION, Layer.SCOPE_DOWN)
_GRANTING = (Layer.TRUST, Layer.RESOURCE, Layer.IDENTITY)
"""The layers that may grant; the first of them that a row of layers has does. The resource's stand in a row of their
own, where nothing but a trust policy can grant if there is one."""


class Slot(NamedTuple):
    """The statements of one layer, or of one level of it, that cover an action."""

    layer: Layer
    statements: tuple[CompiledStatement, ...]
    account: str = ""
    """Of a policy of the resource, the account that it lies in; empty: the resource's."""

    @property
    def own_parts(self) -> int:
        """How many parts of statements live for this session alone, and die with what is remembered of it.

        Whatever is stored lives anyway, and AWS's quotas bound it; of session policies a caller may make any number.
        """
        return sum(statement.parts for statement in self.statements) if self.layer in _OF_SESSION else 0


class Candidate(NamedTuple):
    """A statement that may be about a resource at a place."""

    order: int
    slot: int
    statement: CompiledStatement
    patterns: tuple[CompiledArn, ...]
    """Those that still have to be tested; none if the statement covers all of the place."""


class Node:
    """One place among the resources: an ARN that policies name, or all that begins with a prefix."""

    __slots__ = ("alone", "candidates", "common", "names", "reads", "resource", "slots")

    def __init__(self, slots: tuple[Slot, ...], candidates: Sequence[Candidate], resource: str | None) -> None:
        self.slots = slots
        self.candidates = candidates
        self.resource = resource
        """The resource, if there is but one."""
        self.reads = tuple(sorted({key for candidate in candidates for key in candidate.statement.reads}))
        """The keys, settled by the principal, that matter here."""
        self.names = any(candidate.statement.principals is not None for candidate in candidates)
        """Whether statements here are about certain principals."""
        self.common: dict[int, Entry | None] = {}
        """By order, what is left of the statements that are the same for every principal, once that is known."""
        self.alone: Residual | None = None
        """What is left for every principal, if it is the same for all."""


class Residual:
    """What is left of a node for one class of principals."""

    __slots__ = (
        "caps",
        "denies",
        "empty",
        "endpoints",
        "gates",
        "grants",
        "inner_denies",
        "limits",
        "outcomes",
        "outer_denies",
        "plain",
        "quick",
        "settled",
        "size",
        "weight",
    )

    def __init__(self, node: Node, entries: Iterable[tuple[Candidate, Entry]]) -> None:
        denies: dict[Layer, list[Entry]] = {}
        allows: list[list[Entry]] = [[] for _ in node.slots]
        self.weight = 1 + sum(slot.own_parts for slot in node.slots)
        self.size = 1
        for candidate, entry in entries:
            self.size += 1
            self.weight += 1
            if candidate.statement.denies:
                denies.setdefault(node.slots[candidate.slot].layer, []).append(entry)
            else:
                allows[candidate.slot].append(entry)
        self.empty = self.size == 1
        """Whether no statement is left."""
        self.outer_denies = tuple(denying(layer, found) for layer, found in denies.items() if layer in OF_ORGANIZATION)
        self.inner_denies = tuple(
            denying(layer, found) for layer, found in denies.items() if layer not in OF_ORGANIZATION
        )
        self.denies = self.outer_denies + self.inner_denies
        levels = [allowing(slot.layer, found) for slot, found in zip(node.slots, allows, strict=True)]
        self.grants = _granting_entries(node.slots, levels, allows)
        closed = [level for level in levels if not level.certain]
        self.gates = tuple(level for level in closed if level.layer in OF_ORGANIZATION)
        self.caps = tuple(level for level in closed if level.layer in _OWN_CAPS)
        self.endpoints = tuple(level for level in closed if level.layer in LAST_GATES)
        self.limits = (*self.caps, *self.endpoints)
        """What else must allow if the identity-based policies do."""
        self.plain = not (self.denies or self.gates or self.limits)
        """Whether the grants alone decide in a simple situation."""
        only = self.grants.only
        self.quick = only.quick if self.plain and only is not None else None
        """Whether the only statement that decides in a simple situation applies, if so little has to be tested."""
        self.outcomes = (self.grants.closed, self.grants.decision([only])) if only is not None and self.quick else ()
        """The decisions if it does not and if it does."""
        self.settled: Decision | None = None
        """The decision in a simple situation, once known, if it is always the same."""

    @property
    def is_settled(self) -> bool:
        """Whether the same statements apply to every request."""
        layers: tuple[EffectEntries, ...] = (*self.denies, *self.gates, self.grants, *self.limits)
        return all(entries.settled for entries in layers)


def _granting_entries(
    slots: Sequence[Slot], levels: Sequence[EffectEntries], allows: Sequence[Sequence[Entry]]
) -> EffectEntries:
    """The Allows of the layer that may grant, which several policies of the resource may make up."""
    layer = min((slot.layer for slot in slots if slot.layer in _GRANTING), key=_GRANTING.index, default=Layer.IDENTITY)
    places = [place for place, slot in enumerate(slots) if slot.layer is layer]
    return levels[places[0]] if len(places) == 1 else allowing(layer, chain.from_iterable(allows[at] for at in places))


def residual(node: Node, principal: Principal, reader: ContextReader, *, bounded: bool) -> Residual:
    """Evaluate what the principal settles; `bounded` if a permissions boundary is attached to it."""
    return Residual(node, _entries(node, principal, reader, bounded=bounded))


def _entries(
    node: Node, principal: Principal, reader: ContextReader, *, bounded: bool
) -> Iterable[tuple[Candidate, Entry]]:
    for candidate in node.candidates:
        order, statement = candidate.order, candidate.statement
        if order in node.common:
            entry = node.common[order]
        else:
            account = node.slots[candidate.slot].account
            entry = _entry(candidate, node.resource, principal, reader, bounded=bounded, account=account)
            if not statement.reads and statement.principals is None:
                node.common[order] = entry
        if entry is not None:
            yield candidate, entry


def _entry(
    candidate: Candidate,
    resource: str | None,
    principal: Principal,
    reader: ContextReader,
    *,
    bounded: bool,
    account: str,
) -> Entry | None:
    """What is left of one statement; None if it cannot apply."""
    statement = candidate.statement
    grade = Named.DIRECTLY
    if statement.principals is not None:
        if statement.principals.names(principal, bounded=bounded) is Named.NOT:
            return None
        grade = statement.principals.names(principal, bounded=False)
    if any(condition.settled and not condition.test(reader) for condition in statement.conditions):
        return None
    coverage = _coverage(candidate, resource, reader)
    if coverage is None:
        return None
    conditions = tuple([condition for condition in statement.conditions if not condition.settled])
    return Entry(
        order=candidate.order,
        ref=statement.ref,
        grade=grade,
        account=account,
        covers=coverage.match,
        tests=(*coverage.tests, *[condition.test for condition in conditions]),
        conditions=conditions,
        runs=coverage.runs,
    )


class Coverage(NamedTuple):
    """What has to be tested before a statement is known to be about a resource."""

    match: Match | None = None
    tests: tuple[Test, ...] = ()
    runs: tuple[tuple[str, ...], ...] = ()


_EVERYTHING = Coverage()


def _coverage(candidate: Candidate, resource: str | None, reader: ContextReader) -> Coverage | None:
    """How the statement's element covers the place; None if it does not."""
    statement = candidate.statement
    if statement.negated:
        return _coverage_of_not_resource(statement, resource, reader)
    if not candidate.patterns:
        return _EVERYTHING
    matches: list[Match] = []
    later: list[CompiledArn] = []
    for pattern in candidate.patterns:
        if pattern.match is None and not pattern.settled:
            later.append(pattern)
            continue
        match = pattern.match or pattern.fill(reader.value)
        if match is not None and resource is not None and match(resource):
            return _EVERYTHING
        if match is not None and resource is None:
            matches.append(match)
    if later:
        return Coverage(tests=(_covers_later(tuple(matches), tuple(later)),))
    runs = tuple(pattern.runs for pattern in candidate.patterns)
    return Coverage(match=any_match(matches), runs=runs) if matches else None


def _covers_later(matches: tuple[Match, ...], later: tuple[CompiledArn, ...]) -> Test:
    """For patterns whose variables only the request settles."""

    def test(reader: ContextReader) -> bool:
        resource = reader.request.resource
        if any(match(resource) for match in matches):
            return True
        filled = (pattern.fill(reader.value) for pattern in later)
        return any(match is not None and match(resource) for match in filled)

    return test


def _coverage_of_not_resource(
    statement: CompiledStatement, resource: str | None, reader: ContextReader
) -> Coverage | None:
    """For NotResource. A pattern with a variable that cannot be resolved never helps an Allow to grant."""
    patterns = statement.patterns or ()
    if not all(pattern.settled for pattern in patterns):
        return Coverage(tests=(lambda reader: _is_outside(patterns, reader, granting=not statement.denies),))
    matches = [pattern.match or pattern.fill(reader.value) for pattern in patterns]
    if None in matches and not statement.denies:
        return None
    known = tuple(match for match in matches if match is not None)
    if resource is not None:
        return None if any(match(resource) for match in known) else _EVERYTHING
    return Coverage(match=lambda resource: not any(match(resource) for match in known))


def _is_outside(patterns: tuple[CompiledArn, ...], reader: ContextReader, *, granting: bool) -> bool:
    for pattern in patterns:
        match = pattern.match or pattern.fill(reader.value)
        if (match is None and granting) or (match is not None and match(reader.request.resource)):
            return False
    return True
