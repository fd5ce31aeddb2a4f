"""What other rooms derive from a view of a scope, and find again: with that view, and with later ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import is_
from typing import Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from carnet.policy.engine.recent import Recent

K = TypeVar("K")
V = TypeVar("V")

_MOST_LASTING = 10_000
"""Values that outlive a view, of one scope. `Recent` holds twice that at most."""


class _Derived(NamedTuple):
    sources: tuple[object, ...]
    """INVARIANT: kept alive with the value, so that nothing else is ever the same object."""
    value: Any


class RecentOfPolicies(Recent[K, V]):
    """A bounded memory whose values hold policies, which `forget_policies` empties."""

    __slots__ = ("__weakref__",)

    def put(self, key: K, value: V) -> V:
        _filled[id(self)] = self
        return super().put(key, value)

    def forget(self) -> None:
        self.turn()
        self.turn()


class Memo(dict[Hashable, Any]):
    """What was derived from one view, which lives as long as the view does. A key begins with a class or a function of
    whoever remembers. Several threads may use it at once; two of them may derive the same value."""

    __slots__ = ("_lasting",)

    def __init__(self, before: Memo | None = None) -> None:
        """`before` is that of the view which this one came of."""
        super().__init__()
        self._lasting: Recent[Hashable, _Derived] = self._new_lasting() if before is None else before._lasting
        """Shared by the views of a scope that came of each other."""

    @staticmethod
    def _new_lasting() -> Recent[Hashable, _Derived]:
        return Recent(_MOST_LASTING)

    def lasting(self, key: Hashable, sources: tuple[object, ...], derive: Callable[[], V]) -> V:
        """What `derive` makes of `sources`: the same as in the view before this one if the sources are the same.

        It is found here under `key`, if it is to be looked for first. None is not remembered.
        INVARIANT: `derive` depends on the sources alone (entities, collections of this view), each of which is
        immutable. Whatever of them is changed is another object, so what was derived of it before is not found.
        """
        known = self._lasting.get(key)
        if known is not None and _are_same(known.sources, sources):
            value: V = known.value
        else:
            forgotten = _forgotten
            value = derive()
            # What was found for it before policies were forgotten would be missed when they are forgotten next.
            if value is None or forgotten != _forgotten:
                return value
            self._lasting.put(key, _Derived(sources, value))
        self[key] = value
        return value


class PolicyMemo(Memo):
    """One whose values hold policies: a principal's, a role's trust policy.

    INVARIANT: it holds no policy for longer than `access.documents` does, whose room bounds what the policies of all
    accounts take: when some are forgotten there, `forget_policies` empties every one of these. Else an account would
    take as much memory as all its principals' policies do, once each has called: more than a gigabyte.
    """

    __slots__ = ("__weakref__",)

    @staticmethod
    def _new_lasting() -> Recent[Hashable, _Derived]:
        return RecentOfPolicies(_MOST_LASTING)

    def __setitem__(self, key: Hashable, value: Any) -> None:
        _filled[id(self)] = self
        super().__setitem__(key, value)

    def forget(self) -> None:
        self.clear()


_forgotten = 0
"""How often policies were."""
_filled: WeakValueDictionary[int, PolicyMemo | RecentOfPolicies[Any, Any]] = WeakValueDictionary()
"""Which there are that may hold something, by their `id()`."""


def forget_policies() -> None:
    """Empty all that holds policies: who still calls has them gathered again. Any thread may call it."""
    global _forgotten  # of the process, as the memory of policies is
    _forgotten += 1
    for reference in _filled.valuerefs():
        filled = reference()
        if filled is not None:
            filled.forget()


def _are_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
