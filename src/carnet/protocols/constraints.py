"""What a shape demands of one value, each demand with AWS's sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from carnet.models import Demand
from carnet.protocols.patterns import compile_pattern

MISSING = "Member must not be null"
_NOT_ONE_OF_UNION = "Member must have exactly one member set"


class _Measure(NamedTuple):
    """What bounds are about."""

    measure: Callable[[Any], float]
    word: str
    at_most: Demand
    at_least: Demand


_LENGTH = _Measure(len, "length", Demand.LENGTH_AT_MOST, Demand.LENGTH_AT_LEAST)
_VALUE = _Measure(lambda value: value, "value", Demand.VALUE_AT_MOST, Demand.VALUE_AT_LEAST)
_SIZED = ("string", "blob", "list", "map")
_NUMBERS = ("integer", "long", "float", "double")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One demand: how to tell whether a value meets it, and what is said if it does not."""

    holds: Callable[[Any], bool]
    sentence: str
    demand: Demand
    choices: str = ""
    """What follows the sentence if the service also repeats values."""
    pattern: str | None = None
    """The pattern of the model, if that is what is demanded."""


def constraints_of(shape: Shape) -> tuple[Constraint, ...]:
    """The demands on a value itself, apart from what its members have to be; in the order AWS tells them."""
    return (*_bounds(shape), *_pattern(shape), *_enum(shape), *_union(shape))


def has_paths(shape: Shape) -> bool:
    """Whether what is wrong inside of a value is told with a path of its own: `tags.1.member.key`."""
    return isinstance(shape, StructureShape | ListShape | MapShape)


def refuses_null(item: Shape) -> bool:
    """Whether the items of a list have demands that null does not meet, all of which AWS then tells."""
    return not has_paths(item) and bool(constraints_of(item))


class Plain(NamedTuple):
    """All that is demanded of a text, if that is its length and its pattern."""

    least: float
    most: float
    match: Callable[[str], object] | None


def plain(shape: Shape) -> Plain | None:
    """A text that is `least` to `most` characters long, and matches, meets every demand. None for other shapes."""
    if not isinstance(shape, StringShape) or shape.enum:
        return None
    pattern = shape.metadata.get("pattern")
    match = compile_pattern(pattern).fullmatch if pattern is not None else None
    return Plain(shape.metadata.get("min", 0), shape.metadata.get("max", inf), match)


def broken(constraints: Iterable[Constraint], value: Any) -> list[Constraint]:
    """Those that the value does not meet."""
    return [constraint for constraint in constraints if not constraint.holds(value)]


def _bounds(shape: Shape) -> list[Constraint]:
    most, least = shape.metadata.get("max"), shape.metadata.get("min")
    if shape.type_name in _SIZED:
        return [*_most(_LENGTH, most), *_least(_LENGTH, least)]
    if shape.type_name in _NUMBERS:
        return [*_most(_VALUE, most), *_least(_VALUE, least)]
    return []


def _most(of: _Measure, bound: float | None) -> list[Constraint]:
    if bound is None:
        return []
    sentence = f"Member must have {of.word} less than or equal to {bound}"
    return [Constraint(holds=lambda value: of.measure(value) <= bound, sentence=sentence, demand=of.at_most)]


def _least(of: _Measure, bound: float | None) -> list[Constraint]:
    if bound is None:
        return []
    sentence = f"Member must have {of.word} greater than or equal to {bound}"
    return [Constraint(holds=lambda value: of.measure(value) >= bound, sentence=sentence, demand=of.at_least)]


def _pattern(shape: Shape) -> list[Constraint]:
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        return []
    match, longest = compile_pattern(pattern).fullmatch, shape.metadata.get("max")

    def holds(value: str) -> bool:
        # A value that is too long is told so; it is not worth a search as well.
        return (longest is not None and len(value) > longest) or match(value) is not None

    sentence = f"Member must satisfy regular expression pattern: {pattern}"
    return [Constraint(holds=holds, sentence=sentence, demand=Demand.PATTERN, pattern=pattern)]


def _enum(shape: Shape) -> list[Constraint]:
    if not isinstance(shape, StringShape) or not shape.enum:
        return []
    values = frozenset(shape.enum)
    return [
        Constraint(
            holds=lambda value: value in values,
            sentence="Member must satisfy enum value set",
            demand=Demand.ONE_OF,
            choices=f": [{', '.join(shape.enum)}]",
        )
    ]


def _union(shape: Shape) -> list[Constraint]:
    if not isinstance(shape, StructureShape) or not shape.is_tagged_union:
        return []
    return [Constraint(holds=lambda value: len(value) == 1, sentence=_NOT_ONE_OF_UNION, demand=Demand.ONE_OF)]
