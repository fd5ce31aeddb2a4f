"""Finds the statements that may be about a resource.

ARNs without wildcards are looked up. Every other pattern stands under its literal beginning; all beginnings that a
resource has are found by one bisection and a walk from the longest to the shortest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from carnet.policy.engine.patterns import CompiledArn
from carnet.policy.engine.policy import CompiledStatement
from carnet.policy.engine.recent import Recent
from carnet.policy.engine.residual import Candidate, Node, Slot
from carnet.policy.work import together

_NODES_FOR_EACH_PLACE = 4
_LEAST_NODES = 256


class Mention(NamedTuple):
    """That a statement may be about the resources of a place; without `pattern`, by more than one pattern says."""

    order: int
    slot: int
    statement: CompiledStatement
    pattern: CompiledArn | None


class ResourceIndex:
    """The statements of a row of layers, for one action, by resource."""

    __slots__ = ("_exact", "_mentions", "_nodes", "_parents", "_prefixes", "held", "size", "slots", "steps", "weight")

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        self.slots = slots
        self.held = -1
        """In which generation of the engine's indexes it was last held, so that its slots need not be hashed again."""
        self.steps = together(statement.steps for slot in slots for statement in slot.statements)
        """What its statements take of a decision."""
        self._exact: dict[str, list[Mention]] = {}
        by_prefix: dict[str, list[Mention]] = {}
        self.size = 1
        for mention in _mentions(slots):
            self.size += 1
            pattern = mention.pattern
            if pattern is not None and pattern.exact is not None:
                self._exact.setdefault(pattern.exact, []).append(mention)
            else:
                by_prefix.setdefault(pattern.prefix if pattern is not None else "", []).append(mention)
        self.weight = self.size + sum(slot.own_parts for slot in slots)
        self._prefixes = sorted(by_prefix)
        self._mentions = [by_prefix[prefix] for prefix in self._prefixes]
        self._parents = _parents(self._prefixes)
        room = _LEAST_NODES + _NODES_FOR_EACH_PLACE * self.size
        self._nodes: Recent[str | int, Node] = Recent(room, lambda node: 1 + len(node.candidates))

    @property
    def empty(self) -> bool:
        """Whether no statement is about any resource."""
        return not self._exact and not self._prefixes

    def node(self, resource: str) -> Node:
        """The place that `resource` is in."""
        nodes, prefixes = self._nodes, self._prefixes
        exact = resource if self._exact and resource in self._exact else None
        if exact is not None:
            node = nodes.young.get(exact) or nodes.get(exact)
            if node is not None:
                return node
        # From the last prefix that sorts before the resource to the longest that it begins with; -1 if it has none.
        position = bisect_right(prefixes, resource) - 1
        while position >= 0 and not resource.startswith(prefixes[position]):
            position = self._parents[position]
        if exact is not None:
            return nodes.put(exact, self._make(position, exact))
        node = nodes.young.get(position) or nodes.get(position)
        return node or nodes.put(position, self._make(position, None))

    def _make(self, position: int, exact: str | None) -> Node:
        """The node of an exact resource, or of all that have this longest prefix."""
        mentions = list(self._exact[exact]) if exact is not None else []
        while position >= 0:
            mentions += self._mentions[position]
            position = self._parents[position]
        return Node(self.slots, _candidates(mentions, exact), exact)


def _mentions(slots: tuple[Slot, ...]) -> Iterable[Mention]:
    order = 0
    for number, slot in enumerate(slots):
        for statement in slot.statements:
            order += 1
            if statement.patterns is None or statement.negated:
                yield Mention(order, number, statement, None)
                continue
            for pattern in statement.patterns:
                if pattern.possible:
                    yield Mention(order, number, statement, pattern)


def _parents(prefixes: list[str]) -> list[int]:
    """For each of the sorted prefixes the position of the longest other one that it begins with; -1 for none."""
    parents: list[int] = []
    open_prefixes: list[int] = []
    for position, prefix in enumerate(prefixes):
        while open_prefixes and not prefix.startswith(prefixes[open_prefixes[-1]]):
            open_prefixes.pop()
        parents.append(open_prefixes[-1] if open_prefixes else -1)
        open_prefixes.append(position)
    return parents


def _candidates(mentions: list[Mention], resource: str | None) -> list[Candidate]:
    """The statements mentioned, each once, in their order; of an exact `resource` nothing constant is left to test."""
    grouped: dict[int, tuple[Mention, list[CompiledArn]]] = {}
    whole: set[int] = set()
    for mention in mentions:
        _, tested = grouped.setdefault(mention.order, (mention, []))
        pattern = mention.pattern
        if pattern is None or pattern.whole or pattern.exact is not None:
            whole.add(mention.order)
        elif resource is None or pattern.match is None:
            tested.append(pattern)
        elif pattern.match(resource):
            whole.add(mention.order)
    return [
        Candidate(order, mention.slot, mention.statement, () if order in whole else tuple(tested))
        for order, (mention, tested) in sorted(grouped.items())
        if order in whole or tested
    ]
