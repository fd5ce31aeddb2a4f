"""Entities that have a name, unique in their account without regard to ASCII case."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Self, TypeVar

import immutables

from carnet.directory.indexed import Indexed, References
from carnet.entities.entity import Entity, name_key

N = TypeVar("N", bound=Entity)


class Named(Indexed[N]):
    """Listed in the order of their names."""

    __slots__ = ("_ids",)

    def __init__(self, references: References[N] | None = None) -> None:
        super().__init__(attrgetter("name_key"), references)
        self._ids: immutables.Map[str, str] = immutables.Map()

    def named(self, name: str) -> N | None:
        """The entity of that name, in whatever case it is written."""
        key = self._ids.get(name_key(name))
        return None if key is None else self.by_id[key]

    def changed(self, changes: Mapping[str, N | None]) -> Self:
        new = super().changed(changes)
        new._ids = self._renamed(changes)
        return new

    def _renamed(self, changes: Mapping[str, N | None]) -> immutables.Map[str, str]:
        mutation = self._ids.mutate()
        # All old names go before the new ones come: one change may hand a name from one entity to another.
        for key in changes:
            if (old := self.by_id.get(key)) is not None:
                del mutation[old.name_key]
        for key, entity in changes.items():
            if entity is not None:
                mutation[entity.name_key] = key
        return mutation.finish()
