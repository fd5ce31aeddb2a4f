"""Wildcard patterns: `*` stands for any run of characters, `?` for exactly one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

A pattern is a row of chunks with a `*` between each two. The first chunk must begin the text and the last one end it;
each of the others is looked for once, from where the former ended. Taking the first place where a chunk fits is always
right, so nothing is ever tried again. The cost is that of one search a chunk; only the search for a chunk with `?` may
compare its whole length at every place of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def ascii_lower(text: str) -> str:
    """The text with A-Z in lower case and nothing else changed.

    `str.lower` would turn U+212A (KELVIN SIGN) into k and so let one name stand for another.
    """
    return text.lower() if text.isascii() else text.translate(_LOWER)


class Wild(Enum):
    """The two wildcards, apart from the characters that write them."""

    MANY = "*"
    ONE = "?"


Token = str | Wild
"""A run of literal text, in which `*` and `?` are themselves, or a wildcard."""

_WILDCARDS = {wild.value: wild for wild in Wild}
_RUNS = re.compile(r"[*?]|[^*?]+")


def wildcard_tokens(text: str) -> tuple[Token, ...]:
    """A text in which every `*` and `?` is a wildcard."""
    return tuple(_WILDCARDS.get(run, run) for run in _RUNS.findall(text))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a pattern without `*`: literal runs, each at its distance from the chunk's start."""

    runs: tuple[tuple[int, str], ...]
    length: int
    search: re.Pattern[str] | None
    """Finds a chunk with `?` in it. All its matches have one length, so that there is nothing to backtrack into."""

    def fits(self, text: str, start: int) -> bool:
        """Whether the chunk stands at `start`, given that the text goes on for its length."""
        return all(text.startswith(run, start + offset) for offset, run in self.runs)

    def find(self, text: str, start: int, end: int) -> int:
        """The first index in [start, end) at which the chunk stands within the range; -1 where there is none."""
        if self.search is None:
            return text.find(self.runs[0][1] if self.runs else "", start, end)
        found = self.search.search(text, start, end)
        return found.start() if found is not None else -1


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern ready to be matched: one chunk, or several with `*` between them."""

    chunks: tuple[Chunk, ...]

    def matches(self, text: str) -> bool:
        """Whether the pattern describes the whole of `text`, upper and lower case being different."""
        first, last = self.chunks[0], self.chunks[-1]
        if len(self.chunks) == 1:
            return len(text) == first.length and first.fits(text, 0)
        position, end = first.length, len(text) - last.length
        if end < position or not first.fits(text, 0) or not last.fits(text, end):
            return False
        for chunk in self.chunks[1:-1]:
            found = chunk.find(text, position, end)
            if found < 0:
                return False
            position = found + chunk.length
        return True


def glob(tokens: Iterable[Token]) -> Glob:
    """Make a pattern of its parts."""
    chunks: list[Chunk] = []
    current: list[Token] = []
    for token in tokens:
        if token is Wild.MANY:
            chunks.append(_chunk(current))
            current = []
        else:
            current.append(token)
    return Glob((*chunks, _chunk(current)))


def literal_prefix(tokens: Iterable[object]) -> str:
    """What every text that matches begins with."""
    prefix = ""
    for token in tokens:
        if not isinstance(token, str):
            break
        prefix += token
    return prefix


def _chunk(tokens: list[Token]) -> Chunk:
    runs: list[tuple[int, str]] = []
    length = 0
    for token in tokens:
        if isinstance(token, str):
            runs.append((length, token))
            length += len(token)
        else:
            length += 1
    if len(runs) > 1 and Wild.ONE not in tokens:
        runs = [(0, "".join(run for _, run in runs))]
    return Chunk(tuple(runs), length, _search(tokens) if Wild.ONE in tokens else None)


def _search(tokens: list[Token]) -> re.Pattern[str]:
    return re.compile("".join(re.escape(token) if isinstance(token, str) else "." for token in tokens), re.DOTALL)
