"""Every check of a document, in the order of its elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnet.policy.grammar import Grammar
from carnet.policy.lint.actions import check_action
from carnet.policy.lint.conditions import check_condition
from carnet.policy.lint.facts import Facts
from carnet.policy.lint.finding import Finding
from carnet.policy.lint.structure import check_structure, each, statements
from carnet.policy.lint.unfilled import check_unfilled


def lint(document: object, grammar: Grammar, facts: Facts) -> tuple[Finding, ...]:
    """What is wrong with a document, as a JSON reader gives it: objects, lists, text, truth values, and numbers.

    If its structure has faults, they alone, since such a document cannot be saved; or else what cannot work.
    """
    return tuple(check_structure(document, grammar)) or tuple(check_meaning(document, facts))


def check_meaning(document: object, facts: Facts) -> Iterator[Finding]:
    """What cannot work, by AWS's facts, in a document whose structure has no fault."""
    for path, statement in statements(document):
        for name in ("Action", "NotAction"):
            for place, action in each(statement.get(name), f"{path}.{name}"):
                yield from check_action(str(action), place, facts)
        yield from _check_conditions(statement.get("Condition"), f"{path}.Condition", facts)
    yield from check_unfilled(document)


def _check_conditions(block: object, path: str, facts: Facts) -> Iterator[Finding]:
    for operator, keys in block.items() if isinstance(block, Mapping) else ():
        for key in keys:
            yield from check_condition(operator, key, f"{path}.{operator}.{key}", facts)
