"""Which condition keys a statement refers to: in its conditions, and in the variables of its resources and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from carnet.policy.comparisons import WantedArn, WantedPattern, WantedText
from carnet.policy.conditions import Condition
from carnet.policy.resources import ArnPattern
from carnet.policy.statement import Statement


def keys_of(condition: Condition) -> Iterator[str]:
    """The key of a condition, and those of the variables that are to be filled in."""
    yield condition.key
    for wanted in condition.values:
        if isinstance(wanted, WantedArn):
            yield from keys_in((wanted.pattern,))
        elif isinstance(wanted, WantedText | WantedPattern):
            yield from (variable.key for variable in wanted.template.variables)


def keys_in(patterns: Iterable[ArnPattern]) -> Iterator[str]:
    """The keys of the variables in patterns of a Resource or NotResource element."""
    for pattern in patterns:
        for segment in pattern.segments:
            yield from (variable.key for variable in segment.variables)


def keys_of_statement(statement: Statement) -> Iterator[str]:
    """The keys of its conditions, and those of variables."""
    if statement.resources is not None:
        yield from keys_in(statement.resources.patterns)
    for condition in statement.conditions:
        yield from keys_of(condition)
