"""The compiled members of one structure."""

from __future__ import annotations

from typing import Never, TypeVar

T = TypeVar("T")


class Members(dict[str, T]):
    """Member name to what was compiled for it; a name that the structure lacks raises, and says whose it is not."""

    def __init__(self, structure: str) -> None:
        super().__init__()
        self._structure = structure

    def __missing__(self, name: str) -> Never:
        raise LookupError(f"{self._structure} has no member {name}")
