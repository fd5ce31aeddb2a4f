"""What a service says of an input that breaks a constraint of its model, as far as the model does not tell.

A voice is the error code and the form of the sentences in which one service tells of validation errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _none(member: str, pattern: str | None) -> str | None:
    return None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Voice:
    """How one service tells of validation errors. There is one for each service, kept by identity."""

    code: str = "ValidationError"
    """The error code, in any protocol's spelling."""
    repeats_values: bool = True
    """`Value 'a b' at 'userName' failed ...`; without, `Value at 'userName' failed ...`."""
    own_sentence: Callable[[str, str | None], str | None] = _none
    """(path of a member, pattern that its value breaks) to what the service says of it alone; None for nothing special.

    It is told by itself, and only if nothing else is wrong.
    """


COMMON_VOICE = Voice()
"""That of a service of which nothing else is known."""
