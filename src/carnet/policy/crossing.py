"""Matches the segments of a Resource element, in which a `*` that ends a segment may cross colons.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

Such a star may end behind any colon of an ARN, and the next one behind any later colon. All places are therefore
followed at once: they are the bits of a number, and each character of the pattern moves or clears them all. A pattern
takes no more such steps than it has characters, however many colons the ARN has; a step goes over the ARN by whole
machine words.
"""

from __future__ import annotations

from collections.abc import Sequence

from carnet.policy.patterns import CharacterBits, Chunk, Glob, character_bits, utf16_units


def match_crossing(globs: Sequence[Glob], arn: str) -> bool:
    """Whether an ARN has such segments with colons between them; the last one may hold further colons."""
    units = utf16_units(arn)
    bits = character_bits(units)
    every = (1 << len(units)) - 1
    colons = bits[":"]
    places = 1
    for glob in globs[:-1]:
        places = _behind(glob, places, bits, every & ~colons)
        if places and glob.open_ended:
            places = _from_first(places, every)
        places = (places & colons) << 1
        if not places:
            return False
    return bool(_behind(globs[-1], places, bits, every) >> len(units))


def _behind(glob: Glob, places: int, bits: CharacterBits, within: int) -> int:
    """The places at which the pattern may end that begins at one of `places`; it takes only characters of `within`."""
    first, *others = glob.chunks
    places = _behind_chunk(first, places, bits, within)
    for chunk in others:
        # Every place is spread over the characters of `within` that follow it: the addition carries each place to the
        # end of its run, and the bits that it turns over on the way are the places.
        places |= ((places & within) + within) ^ within
        places = _behind_chunk(chunk, places, bits, within)
    return places


def _behind_chunk(chunk: Chunk, places: int, bits: CharacterBits, within: int) -> int:
    position = 0
    for at, run in chunk.runs:
        places = _behind_any(at - position, places, within)
        for character in run:
            places = (places & within & bits[character]) << 1
            if not places:
                return 0
        position = at + len(run)
    return _behind_any(chunk.length - position, places, within)


def _behind_any(count: int, places: int, within: int) -> int:
    """The places that many `?` further."""
    for _ in range(count):
        places = (places & within) << 1
    return places


def _from_first(places: int, every: int) -> int:
    """All places from the first one to the end."""
    return (every << 1 | 1) & -(places & -places)
