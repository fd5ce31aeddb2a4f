"""What is left of a statement to be tested when action and principal are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from operator import attrgetter

from carnet.policy.decision import Decision, StatementRef
from carnet.policy.engine.conditions import CompiledCondition, QuickTest, Test, all_met
from carnet.policy.engine.context_reader import ContextReader
from carnet.policy.engine.patterns import Match
from carnet.policy.principals import Named


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """One statement in one layer. Two are the same only if they are one object."""

    order: int
    """Position among all statements that are considered together."""
    ref: StatementRef
    grade: Named
    """How the statement names the caller."""
    account: str
    """Of a statement of the resource's policies, the account they lie in; empty: the resource's."""
    covers: Match | None
    """Whether the statement is about a resource; None if that is known already."""
    tests: tuple[Test, ...]
    conditions: tuple[CompiledCondition, ...] = ()
    """Those that are among the tests."""
    runs: tuple[tuple[str, ...], ...] = ()
    """For each pattern, literal texts that a matching resource holds; empty if they do not say enough."""
    twins: tuple[Entry, ...] = ()
    """Other statements that apply whenever this one does."""
    alone: Decision | None = field(default=None, repr=False)
    """The decision that the statement makes by itself, with its twins, once it has."""

    @property
    def certain(self) -> bool:
        """Whether it applies, whatever else the request holds."""
        return self.covers is None and not self.tests

    @property
    def equals(self) -> list[tuple[str, frozenset[str]]]:
        """Keys, and the values of which the request must have one."""
        return [condition.equals for condition in self.conditions if condition.equals is not None]

    @property
    def quick(self) -> QuickTest | None:
        """The quick test of all conditions, if each has one and there is nothing else to be tested."""
        quick = [condition.quick for condition in self.conditions if condition.quick is not None]
        return all_met(quick) if self.covers is None and len(quick) == len(self.tests) else None

    def applies(self, reader: ContextReader) -> bool:
        """Whether the statement applies to a request."""
        covers = self.covers
        if covers is not None and not covers(reader.request.resource):
            return False
        for test in self.tests:  # noqa: SIM110  a generator would cost more than a test
            if not test(reader):
                return False
        return True


BY_ORDER = attrgetter("order")


def joined(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, of which those that are tested alike are one with its twins."""
    firsts: dict[tuple[object, ...], Entry] = {}
    twins: dict[Entry, list[Entry]] = {}
    for entry in entries:
        first = firsts.setdefault((entry.covers, entry.tests, entry.grade, entry.account), entry)
        if first is not entry:
            twins.setdefault(first, []).append(entry)
    return tuple(
        [
            replace(first, twins=tuple(twins[first]), alone=None) if first in twins else first
            for first in firsts.values()
        ]
    )
