"""Wildcard patterns: `*` stands for any run of characters, `?` for exactly one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

Recorded from AWS: a character is a unit of UTF-16, so `??` stands for an emoji and `?` for none. Chunks and the texts
that they are looked for in are therefore written in such units (`utf16_units`), which differ from the text itself only
if it has a character beyond U+FFFF.

A pattern is a row of chunks with a `*` between each two. The first chunk must begin the text and the last one end it;
each of the others is looked for once, from where the former ended. Taking the first place where a chunk fits is always
right, so nothing is ever tried again.

The cost is that of one search a chunk. A chunk without `?` is searched for by `str.find`. For one with `?` the places
where a character stands in the text are the bits of a number: one shift and one AND for each of the chunk's characters
leave the places where the whole chunk stands. So a pattern takes no more such steps than it has characters, whatever
the text, and none if its chunks together are longer than the text; a step goes over the text by whole machine words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from msgspec import Struct

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def ascii_lower(text: str) -> str:
    """The text with A-Z in lower case and nothing else changed.

    `str.lower` would turn U+212A (KELVIN SIGN) into k and so let one name stand for another.
    """
    return text.lower() if text.isascii() else text.translate(_LOWER)


def utf16_units(text: str) -> str:
    """The text with two surrogates in place of each character beyond U+FFFF, as UTF-16 has them."""
    if text.isascii() or not _BEYOND_ONE_UNIT.search(text):
        return text
    return _recent_units(text) if len(text) <= _LONGEST_KEPT else _split(text)


def _split(text: str) -> str:
    return "".join(map(chr, memoryview(text.encode(_UTF_16, "surrogatepass")).cast("H")))


class Wild(Enum):
    """The two wildcards, apart from the characters that write them."""

    MANY = "*"
    ONE = "?"


Token = str | Wild
"""A run of literal text, in which `*` and `?` are themselves, or a wildcard."""

_TEXTS_KEPT = 64
"""Texts whose characters' places are kept, since many patterns are put to one text, or to fifty tag keys."""
_LONGEST_KEPT = 2_048
"""Characters of such a text: as many as an ARN may have. One of only different characters takes half a megabyte."""
_MARK, _OTHER = "\x01", "\x02"
_BITS = bytes(ord("1") if code == ord(_MARK) else ord("0") for code in range(256))

_BEYOND_ONE_UNIT = re.compile("[\U00010000-\U0010ffff]")
_UTF_16 = f"utf-16-{sys.byteorder[0]}e"
_recent_units = lru_cache(_TEXTS_KEPT)(_split)

_WILDCARDS = {wild.value: wild for wild in Wild}
_RUNS = re.compile(r"[*?]|[^*?]+")


def wildcard_tokens(text: str) -> tuple[Token, ...]:
    """A text in which every `*` and `?` is a wildcard."""
    return tuple(_WILDCARDS.get(run, run) for run in _RUNS.findall(text))


class Chunk(Struct, frozen=True):
    """A part of a pattern without `*`: literal runs, each at its distance from the chunk's start."""

    runs: tuple[tuple[int, str], ...]
    length: int

    def fits(self, text: str, start: int) -> bool:
        """Whether the chunk stands at `start`."""
        return start + self.length <= len(text) and all(text.startswith(run, start + at) for at, run in self.runs)

    def find(self, text: str, start: int, end: int) -> int:
        """The first index in [start, end) at which the chunk stands within the range; -1 if there is none."""
        if start + self.length > end:
            return -1
        if not self.runs:
            return start
        if len(self.runs[0][1]) == self.length:
            return text.find(self.runs[0][1], start, end)
        return _first_bit(self._places(text), start, end - self.length)

    def _places(self, text: str) -> int:
        """Where in the text the chunk stands: bit n for place n."""
        bits_of = character_bits(text)
        places = -1
        for at, run in self.runs:
            for distance, character in enumerate(run, at):
                places &= bits_of[character] >> distance
                if not places:
                    return 0
        return places


class CharacterBits(dict[str, int]):
    """For each character the places where it stands in a text, bit n for place n; found when it is first asked for."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, character: str) -> int:
        """In a few passes over the text, none of which runs in Python."""
        marked = self._text if character == _MARK else self._text.replace(_MARK, _OTHER).replace(character, _MARK)
        digits = marked.encode("latin-1", "replace").translate(_BITS)
        bits = self[character] = int(digits[::-1] or b"0", 2)
        return bits


def character_bits(text: str) -> CharacterBits:
    """Where the characters of a text stand; remembered of a text that is no longer than an ARN."""
    return _recent_bits(text) if len(text) <= _LONGEST_KEPT else CharacterBits(text)


_recent_bits = lru_cache(_TEXTS_KEPT)(CharacterBits)


def _first_bit(bits: int, start: int, last: int) -> int:
    """The number of the lowest bit set from `start` to `last`; -1 if there is none."""
    bits >>= start
    place = start + (bits & -bits).bit_length() - 1
    return place if bits and place <= last else -1


class Glob(Struct, frozen=True):
    """A pattern ready to be matched: one chunk, or several with `*` between them."""

    chunks: tuple[Chunk, ...]
    least: int
    """The units of UTF-16 that a matching text has at least."""

    @property
    def open_ended(self) -> bool:
        """Whether the pattern ends with `*`."""
        return len(self.chunks) > 1 and not self.chunks[-1].length

    def matches(self, text: str) -> bool:
        """Whether the pattern describes the whole of `text`, upper and lower case being different."""
        text = utf16_units(text)
        first, last = self.chunks[0], self.chunks[-1]
        if len(self.chunks) == 1:
            return len(text) == first.length and first.fits(text, 0)
        position, end = first.length, len(text) - last.length
        if len(text) < self.least or not first.fits(text, 0) or not last.fits(text, end):
            return False
        for chunk in self.chunks[1:-1]:
            found = chunk.find(text, position, end)
            if found < 0:
                return False
            position = found + chunk.length
        return True


def glob(tokens: Iterable[Token]) -> Glob:
    """Make a pattern of its parts; several `*` side by side are one."""
    chunks: list[Chunk] = []
    current: list[Token] = []
    for token in tokens:
        if token is Wild.MANY:
            if current or not chunks:
                chunks.append(_chunk(current))
            current = []
        else:
            current.append(token)
    chunks.append(_chunk(current))
    return Glob(tuple(chunks), sum(chunk.length for chunk in chunks))


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
            units = utf16_units(token)
            runs.append((length, units))
            length += len(units)
        else:
            length += 1
    if len(runs) > 1 and Wild.ONE not in tokens:
        runs = [(0, "".join(run for _, run in runs))]
    return Chunk(tuple(runs), length)
