"""What a service says of an input that breaks a constraint of its model, as far as the model does not tell.

A voice is the error code and the form of the sentences in which one service tells of validation errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple


class Demand(Enum):
    """What a model demands of a value."""

    PRESENT = auto()
    LENGTH_AT_MOST = auto()
    LENGTH_AT_LEAST = auto()
    VALUE_AT_MOST = auto()
    VALUE_AT_LEAST = auto()
    PATTERN = auto()
    ONE_OF = auto()
    """Of the values of an enumeration, or of the members of a union."""
    OF_EACH = auto()
    """Something of every item of a list, or of every key or value of a map."""


class Unmet(NamedTuple):
    """A demand that an input does not meet."""

    demand: Demand
    path: str
    """Of the member: `tags.1.member.key`."""
    value: object = None


class Spoken(NamedTuple):
    """What a service says of a broken demand: its sentence, further members of its error, and the error's code if it is
    not the voice's."""

    sentence: str
    members: Mapping[str, object]
    code: str | None = None


def _no_sentence(member: str, pattern: str | None) -> str | None:
    return None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Voice:
    """How one service tells of validation errors. There is one for each service, kept by identity."""

    code: str = "ValidationError"
    """The error code, in any protocol's spelling."""
    repeats_values: bool = True
    """`Value 'a b' at 'userName' failed ...`; without, `Value at 'userName' failed ...`."""
    by_hash: bool = False
    """Whether several faults are told in the order of Java's hash of the members' names, not in that of the model."""
    never_null: frozenset[str] = frozenset()
    """Shapes of items of lists of which the service says, too, that they must not be null."""
    own_sentence: Callable[[str, str | None], str | None] = _no_sentence
    """(path of a member, pattern that its value breaks) to what the service says of it alone; None for nothing special.

    It is told by itself, and only if nothing else is wrong.
    """
    of_faults: Callable[[str, Sequence[Unmet]], Spoken | None] | None = None
    """(name of the operation, what is wrong, in the order of the model) to what a service says instead of a list of it;
    None for the list."""


COMMON_VOICE = Voice()
"""That of a service of which nothing else is known."""
