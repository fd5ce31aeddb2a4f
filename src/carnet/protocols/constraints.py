"""What a shape demands of one value, each demand with AWS's sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape, StringShape, StructureShape

from carnet.protocols.patterns import compile_pattern

MISSING = "Member must not be null"
_NOT_ONE_OF_UNION = "Member must have exactly one member set"

_SIZED = ("string", "blob", "list", "map")
_NUMBERS = ("integer", "long", "float", "double")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One demand: how to tell whether a value meets it, and what is said if it does not."""

    holds: Callable[[Any], bool]
    sentence: str
    choices: str = ""
    """What follows the sentence if the service also repeats values."""
    pattern: str | None = None
    """The pattern of the model, if that is what is demanded."""


def constraints_of(shape: Shape) -> tuple[Constraint, ...]:
    """The demands on a value itself, apart from what its members have to be; in the order AWS tells them."""
    return (*_bounds(shape), *_pattern(shape), *_enum(shape), *_union(shape))


def broken(constraints: Iterable[Constraint], value: Any) -> list[Constraint]:
    """Those that the value does not meet."""
    return [constraint for constraint in constraints if not constraint.holds(value)]


def _bounds(shape: Shape) -> list[Constraint]:
    measure: Callable[[Any], float]
    if shape.type_name in _SIZED:
        measure, word = len, "length"
    elif shape.type_name in _NUMBERS:
        measure, word = _itself, "value"
    else:
        return []
    return [*_most(measure, word, shape.metadata.get("max")), *_least(measure, word, shape.metadata.get("min"))]


def _most(measure: Callable[[Any], float], word: str, bound: float | None) -> list[Constraint]:
    if bound is None:
        return []
    sentence = f"Member must have {word} less than or equal to {bound}"
    return [Constraint(holds=lambda value: measure(value) <= bound, sentence=sentence)]


def _least(measure: Callable[[Any], float], word: str, bound: float | None) -> list[Constraint]:
    if bound is None:
        return []
    sentence = f"Member must have {word} greater than or equal to {bound}"
    return [Constraint(holds=lambda value: measure(value) >= bound, sentence=sentence)]


def _itself(value: float) -> float:
    return value


def _pattern(shape: Shape) -> list[Constraint]:
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        return []
    match, longest = compile_pattern(pattern).fullmatch, shape.metadata.get("max")

    def holds(value: str) -> bool:
        # A value that is too long is told so; it is not worth a search as well.
        return (longest is not None and len(value) > longest) or match(value) is not None

    sentence = f"Member must satisfy regular expression pattern: {pattern}"
    return [Constraint(holds=holds, sentence=sentence, pattern=pattern)]


def _enum(shape: Shape) -> list[Constraint]:
    if not isinstance(shape, StringShape) or not shape.enum:
        return []
    values = frozenset(shape.enum)
    return [
        Constraint(
            holds=lambda value: value in values,
            sentence="Member must satisfy enum value set",
            choices=f": [{', '.join(shape.enum)}]",
        )
    ]


def _union(shape: Shape) -> list[Constraint]:
    if not isinstance(shape, StructureShape) or not shape.is_tagged_union:
        return []
    return [Constraint(holds=lambda value: len(value) == 1, sentence=_NOT_ONE_OF_UNION)]
