"""Wildcard and ARN patterns as functions of the text, each of the cheapest kind that will do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from carnet.policy.engine.context_reader import is_settled_by_principal
from carnet.policy.patterns import Glob, Token, Wild, glob, utf16_units
from carnet.policy.resources import SEGMENTS, ArnPattern, match_segments
from carnet.policy.variables import Lookup, Template, Variable

Match = Callable[[str], bool]

_NEVER: Match = lambda text: False
_ALWAYS: Match = lambda text: True


def text_match(tokens: Iterable[Token]) -> Match:
    """What tells whether a text is described by the whole pattern."""
    given = tuple(tokens)
    if len(given) == 2 and isinstance(given[0], str) and given[1] is Wild.MANY:
        prefix = given[0]
        return lambda text: text.startswith(prefix)
    if Wild.ONE in given:
        return _glob_match(glob(given))
    first, *rest = _chunks(given)
    if not rest:
        return lambda text: text == first
    last = rest.pop()
    if any(rest):
        return _chunks_match(first, tuple(chunk for chunk in rest if chunk), last)
    least = len(first) + len(last)
    return lambda text: text.startswith(first) and text.endswith(last) and len(text) >= least


def _glob_match(pattern: Glob) -> Match:
    """For a pattern with `?`. Its longest literal text is looked for first: most texts do not hold it.

    And in a text that is long enough. Not the one at the beginning, which told already that the pattern is to be tried.
    """
    runs = [run for chunk in pattern.chunks for _, run in chunk.runs][1 if pattern.chunks[0].runs else 0 :]
    longest, least, matches = max(runs, key=len, default=""), pattern.least, pattern.matches

    def match(text: str) -> bool:
        units = utf16_units(text)
        return len(units) >= least and longest in units and matches(units)

    return match


def any_match(matches: Sequence[Match]) -> Match:
    """What tells whether a text is described by one of several patterns."""
    if len(matches) == 1:
        return matches[0]

    def match_any(text: str) -> bool:
        for match in matches:  # noqa: SIM110  a generator would cost more than a match
            if match(text):
                return True
        return False

    return match_any


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
    begin, least = len(first), len(first) + sum(map(len, middle)) + len(last)
    if len(middle) == 1:
        chunk, tail = middle[0], len(last)
        # Looked for first, since patterns that have to be tried one by one are seldom told apart by their ends.
        return lambda text: (
            text.find(chunk, begin, len(text) - tail) >= 0 and (text.startswith(first) and text.endswith(last))
        )

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

    __slots__ = ("_crossing", "_segments", "exact", "keys", "match", "prefix", "settled", "whole")

    def __init__(self, pattern: ArnPattern) -> None:
        segments = self._segments = tuple([segment.tokens for segment in pattern.segments])
        self._crossing = pattern.crossing
        constant = all(segment.constant is not None for segment in pattern.segments)
        self.keys = () if constant else tuple(_keys(pattern.segments))
        self.settled = constant or all(map(is_settled_by_principal, self.keys))
        """Whether every variable is settled by the principal."""
        self.prefix, rest, reached = _literal_prefix(segments)
        """What every matching ARN begins with."""
        self.exact = self.prefix if segments and not rest else None
        """The only ARN that matches, if there is but one."""
        into_last = constant and reached == len(segments) == SEGMENTS and "$" not in self.prefix
        self.whole = not segments or (into_last and rest == (Wild.MANY,))
        """Whether every ARN with the prefix matches."""
        self.match = text_match((self.prefix, *rest)) if into_last else self.fill(_no_value) if constant else None

    @property
    def possible(self) -> bool:
        """Whether any ARN can match."""
        return self.match is not _NEVER

    @property
    def runs(self) -> tuple[str, ...]:
        """Literal texts that every matching ARN holds."""
        return tuple(token for tokens in self._segments for token in tokens if isinstance(token, str))

    def fill(self, lookup: Lookup) -> Match | None:
        """What tells whether an ARN matches; None if a variable cannot be resolved."""
        if not self._segments:
            return _ALWAYS
        filled: list[tuple[Token, ...]] = []
        for tokens in self._segments:
            segment = fill(tokens, lookup)
            if segment is None:
                return None
            filled.append(segment)
        return _arn_match(filled, crossing=self._crossing)


def _no_value(key: str) -> None:
    """For patterns without variables."""


def _keys(segments: Iterable[Template]) -> Iterable[str]:
    return (variable.key for segment in segments for variable in segment.variables)


def fill(tokens: Iterable[Token | Variable], lookup: Lookup) -> tuple[Token, ...] | None:
    """The tokens with each variable's text in its place; None if one cannot be resolved."""
    filled: list[Token] = []
    for token in tokens:
        part = token.resolve(lookup) if isinstance(token, Variable) else token
        if part is None:
            return None
        filled.append(part)
    return tuple(filled)


def _arn_match(segments: Sequence[tuple[Token, ...]], *, crossing: bool) -> Match:
    if len(segments) != SEGMENTS:
        return _NEVER
    *heads, last = segments
    if any(isinstance(token, str) and ":" in token for tokens in heads for token in tokens):
        return _NEVER
    if all(_is_free_of_colons(tokens, crossing=crossing) for tokens in heads):
        # Every wildcard may stand for a colon, or there is none before the five that are literal.
        return text_match(_join_segments(heads, last))
    if crossing:
        globs = [glob(tokens) for tokens in segments]
        return lambda arn: match_segments(globs, arn, crossing=True)
    tests = tuple((index, text_match(tokens)) for index, tokens in enumerate(segments) if tokens != (Wild.MANY,))

    def match(arn: str) -> bool:
        parts = arn.split(":", SEGMENTS - 1)
        return len(parts) == SEGMENTS and all(test(parts[index]) for index, test in tests)

    return match


def _is_free_of_colons(tokens: Sequence[Token], *, crossing: bool) -> bool:
    """Whether no wildcard of a segment has to be kept from standing for a colon."""
    kept = tokens[:-1] if crossing and tokens[-1:] == (Wild.MANY,) else tokens
    return all(isinstance(token, str) for token in kept)


def _join_segments(heads: Iterable[Sequence[Token]], last: Iterable[Token]) -> list[Token]:
    """The tokens of all segments with colons between them, literal texts side by side being one."""
    joined: list[Token] = []
    for token in (*[part for tokens in heads for part in (*tokens, ":")], *last):
        if isinstance(token, str) and joined and isinstance(joined[-1], str):
            joined[-1] += token
        else:
            joined.append(token)
    return joined


def _literal_prefix(segments: Sequence[Sequence[Any]]) -> tuple[str, tuple[Any, ...], int]:
    """What every matching ARN begins with, what of that segment follows, and the number of segments so far.

    Nothing follows if the ARN ends there.
    """
    prefix = ""
    for index, tokens in enumerate(segments):
        if index:
            prefix += ":"
        for position, token in enumerate(tokens):
            if not isinstance(token, str):
                return prefix, tuple(tokens[position:]), index + 1
            prefix += token
    return prefix, (), len(segments)
