"""Finds the statements of one policy whose Action or NotAction element covers an action."""

from __future__ import annotations

from collections.abc import Iterable

from carnet.policy.engine.patterns import Match, text_match
from carnet.policy.patterns import ascii_lower, wildcard_tokens
from carnet.policy.statement import ActionElement

Wildcards = list[tuple[Match, int]]
"""What a wildcard pattern matches, in lower case, and the position of its statement."""


class ActionIndex:
    """Literal actions are looked up; patterns with wildcards are tried, those of the action's own service only."""

    __slots__ = ("_literal", "_negated", "_wild")

    def __init__(self, elements: Iterable[ActionElement]) -> None:
        self._literal: dict[str, list[int]] = {}
        self._wild: dict[str, Wildcards] = {}
        self._negated: list[tuple[tuple[Match, ...], int]] = []
        for position, element in enumerate(elements):
            self._add(element, position)

    def find(self, action: str) -> Iterable[int]:
        """Positions of the statements that cover `action`, which is in lower case, in their order."""
        literal = self._literal.get(action, [])
        wild = self._wild.get(action.partition(":")[0], []) + self._wild.get("", [])
        if not wild and not self._negated:
            return literal
        found = {position for match, position in wild if match(action)}.union(literal)
        found.update(position for excepted, position in self._negated if not any(match(action) for match in excepted))
        return sorted(found)

    def _add(self, element: ActionElement, position: int) -> None:
        texts = dict.fromkeys([ascii_lower(pattern.text) for pattern in element.patterns])
        if element.negated:
            self._negated.append((tuple(text_match(wildcard_tokens(text)) for text in texts), position))
            return
        for text in texts:
            if "*" not in text and "?" not in text:
                self._literal.setdefault(text, []).append(position)
            else:
                self._wild.setdefault(_service(text), []).append((text_match(wildcard_tokens(text)), position))


def _service(text: str) -> str:
    """The service whose actions alone a pattern can match; empty if it may match those of several."""
    service, _, _ = text.partition(":")
    return service if "*" not in service and "?" not in service else ""
