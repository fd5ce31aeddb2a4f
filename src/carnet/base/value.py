"""Values that are made for every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value(cls: type[T]) -> type[T]:
    """A dataclass of keyword arguments that is frozen for the type checker, and costs nothing for it when it runs.

    `dataclass(frozen=True)` stores every field through `object.__setattr__`, which makes such a value three times as
    slow to make. So what is made several times for every request is declared with this, everything else as frozen.
    INVARIANT: nobody assigns to a field; mypy refuses it everywhere, tests included.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
