"""Wildcard and ARN patterns as functions of the text, each of the cheapest kind that will do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from carnet.policy.context_reader import is_settled_by_principal
from carnet.policy.patterns import Token, Wild, glob
from carnet.policy.resources import SEGMENTS, ArnPattern
from carnet.policy.variables import Lookup, Template, Variable

Match = Callable[[str], bool]

_NEVER: Match = lambda text: False
_ALWAYS: Match = lambda text: True


def text_match(tokens: Iterable[Token]) -> Match:
    """What tells whether a text is described by the whole pattern."""
    given = tuple(tokens)
    if Wild.ONE in given:
        return glob(given).matches
    first, *rest = _chunks(given)
    if not rest:
        return lambda text: text == first
    *middle, last = rest
    if any(middle):
        return _chunks_match(first, tuple(chunk for chunk in middle if chunk), last)
    if not last:
        return lambda text: text.startswith(first)
    least = len(first) + len(last)
    return lambda text: text.startswith(first) and text.endswith(last) and len(text) >= least


def _chunks(tokens: Sequence[Token]) -> list[str]:
    """The literal texts between the `*`s."""
    chunks = [""]
    for token in tokens:
        if isinstance(token, str):
            chunks[-1] += token
        else:
            chunks.append("")
    return chunks


def _chunks_match(first: str, middle: tuple[str, ...], last: str) -> Match:
    begin, least = len(first), len(first) + len(last)

    def match(text: str) -> bool:
        end = len(text) - len(last)
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        position = begin
        for chunk in middle:
            position = text.find(chunk, position, end)
            if position < 0:
                return False
            position += len(chunk)
        return True

    return match


class CompiledArn:
    """An ARN pattern. Where no variable stands in it, `match` is ready; else `fill` makes it for one request."""

    __slots__ = ("_segments", "exact", "keys", "match", "prefix", "runs", "settled", "whole")

    def __init__(self, pattern: ArnPattern) -> None:
        self._segments = tuple(segment.tokens for segment in pattern.segments)
        variables = [variable for segment in pattern.segments for variable in segment.variables]
        self.keys = tuple(variable.key for variable in variables)
        self.settled = all(map(is_settled_by_principal, self.keys))
        """Whether every variable is settled by the principal."""
        self.prefix, complete = _literal_prefix(self._segments)
        """What every matching ARN begins with."""
        self.exact = self.prefix if complete and pattern.segments else None
        """The only ARN that matches, where there is but one."""
        self.whole = pattern.everything or _is_prefix_alone(self._segments)
        """Whether every ARN with the prefix matches."""
        self.match = self.fill(lambda key: None) if not variables else None
        self.runs = tuple(token for tokens in self._segments for token in tokens if isinstance(token, str))
        """Literal texts that every matching ARN holds."""

    @property
    def possible(self) -> bool:
        """Whether any ARN can match."""
        return self.match is not _NEVER

    def fill(self, lookup: Lookup) -> Match | None:
        """What tells whether an ARN matches; None where a variable cannot be resolved."""
        if not self._segments:
            return _ALWAYS
        filled: list[tuple[Token, ...]] = []
        for tokens in self._segments:
            segment = fill(tokens, lookup)
            if segment is None:
                return None
            filled.append(segment)
        return _arn_match(filled)


def fill(tokens: Iterable[Token | Variable], lookup: Lookup) -> tuple[Token, ...] | None:
    """The tokens with each variable's text in its place; None where one cannot be resolved."""
    filled: list[Token] = []
    for token in tokens:
        part = token.resolve(lookup) if isinstance(token, Variable) else token
        if part is None:
            return None
        filled.append(part)
    return tuple(filled)


def is_constant(template: Template) -> bool:
    """Whether the text has no variables."""
    return not template.variables


def _arn_match(segments: Sequence[tuple[Token, ...]]) -> Match:
    if len(segments) != SEGMENTS or any(_holds_colon(tokens) for tokens in segments[:-1]):
        return _NEVER
    if all(_is_literal(tokens) for tokens in segments[:-1]):
        # The five colons are in the literal beginning, so that no wildcard can stand for one of them.
        return text_match((*(f"{''.join(map(str, tokens))}:" for tokens in segments[:-1]), *segments[-1]))
    tests = tuple((index, text_match(tokens)) for index, tokens in enumerate(segments) if tokens != (Wild.MANY,))

    def match(arn: str) -> bool:
        parts = arn.split(":", SEGMENTS - 1)
        return len(parts) == SEGMENTS and all(test(parts[index]) for index, test in tests)

    return match


def _holds_colon(tokens: Iterable[object]) -> bool:
    return any(isinstance(token, str) and ":" in token for token in tokens)


def _is_literal(tokens: Iterable[object]) -> bool:
    return all(isinstance(token, str) for token in tokens)


def _literal_prefix(segments: Sequence[Sequence[object]]) -> tuple[str, bool]:
    """What every matching ARN begins with, and whether that is all of it."""
    prefix = ""
    for index, tokens in enumerate(segments):
        prefix += ":" if index else ""
        for token in tokens:
            if not isinstance(token, str):
                return prefix, False
            prefix += token
    return prefix, True


def _is_prefix_alone(segments: Sequence[Sequence[object]]) -> bool:
    if len(segments) != SEGMENTS:
        return False
    *heads, last = segments
    return all(map(_is_literal, heads)) and bool(last) and last[-1] is Wild.MANY and _is_literal(last[:-1])
