"""Entities that have a name, unique in their account without regard to ASCII case."""

from __future__ import annotations

from typing import TypeVar

from carnet.directory.indexed import Indexed
from carnet.entities.entity import Entity, name_key

N = TypeVar("N", bound=Entity)


class Named(Indexed[N]):
    """A collection of named entities, listed in the order of their names."""

    __slots__ = ()

    def named(self, name: str) -> N | None:
        """The entity of that name, in whatever case it is written."""
        return super().named(name_key(name))
