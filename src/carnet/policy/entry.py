"""What is left of a statement to be tested when action and principal are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from carnet.policy.compiled_conditions import Test
from carnet.policy.compiled_patterns import Match
from carnet.policy.decision import Decision, StatementRef
from carnet.policy.principals import Named


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """One statement in one layer. Two are the same only if they are one object."""

    order: int
    """Position among all statements that are considered together."""
    ref: StatementRef
    grade: Named
    """How the statement names the caller."""
    covers: Match | None
    """Whether the statement is about a resource; None where that is known already."""
    tests: tuple[Test, ...]
    equals: tuple[tuple[str, frozenset[str]], ...] = ()
    """Keys, and the values of which the request must have one."""
    runs: tuple[tuple[str, ...], ...] = ()
    """For each pattern, literal texts that a matching resource holds; empty where they do not say enough."""
    alone: Decision | None = field(default=None, repr=False)
    """The decision that the statement makes by itself, once it has."""

    @property
    def certain(self) -> bool:
        """Whether it applies, whatever else the request holds."""
        return self.covers is None and not self.tests
