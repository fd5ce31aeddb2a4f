"""A part of an answer that is given again and again."""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterator, Mapping, ValuesView
from typing import Any


class Fragment(Mapping[str, Any]):
    """A structure of an answer, by the model's member names, and what it was written as.

    INVARIANT: neither its members nor anything in them ever changes, so what was once written stays right.
    """

    __slots__ = ("_members", "written")

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members
        self.written: dict[Hashable, Any] = {}
        """By whoever writes a protocol's elements or values, what came of it. Two threads may write the same."""

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def items(self) -> ItemsView[str, Any]:
        return self._members.items()

    def values(self) -> ValuesView[Any]:
        return self._members.values()

    def __or__(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """The members with others, as a structure that is written anew."""
        return {**self._members, **more}
