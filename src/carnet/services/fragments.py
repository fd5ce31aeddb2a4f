"""Structures of answers that are made and written once, however often they are answered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, Unpack

from carnet.base.fragment import Fragment
from carnet.policy.engine.recent import Recent

_ROOM = 8 * 1024 * 1024
"""Bytes, roughly, of the fragments of one shape. `Recent` holds twice that at most."""
_OVERHEAD = 1024
"""Bytes, roughly, of a fragment, or of a part in a list of it, beside its text: dicts, and what it keeps alive."""
_SPELLINGS = 4
"""The text of a member is held by the entity and by what is written of it, where a character may become three."""

E = TypeVar("E")
Rest = TypeVarTuple("Rest")


class _Held(NamedTuple):
    of: object
    """INVARIANT: kept alive with the fragment, so that nothing else gets its `id()` meanwhile."""
    fragment: Fragment


def remembered(shape: Callable[[E, Unpack[Rest]], Mapping[str, Any]]) -> Callable[[E, Unpack[Rest]], Fragment]:
    """The same shape, with a bounded memory of what it showed.

    `shape` depends on something immutable (an entity, a tuple of them) and on further hashable values alone. The first
    counts as the same if it is the same object: a changed entity is another.
    """
    recent: Recent[Hashable, _Held] = Recent(_ROOM, _weight)

    def shown(of: E, *rest: *Rest) -> Fragment:
        key = (id(of), *rest)
        held = recent.get(key)
        if held is None:
            held = recent.put(key, _Held(of, Fragment(shape(of, *rest))))
        return held.fragment

    return shown


def _weight(held: _Held) -> int:
    weight = _OVERHEAD
    for member in held.fragment.values():
        if isinstance(member, str):
            weight += _SPELLINGS * len(member)
        elif isinstance(member, list):
            weight += _OVERHEAD * len(member)
    return weight
