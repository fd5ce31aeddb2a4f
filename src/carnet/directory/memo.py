"""Remembers values that other rooms derive from a view of a scope, for that view and later ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import is_
from typing import Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from carnet.policy.engine.recent import Recent

K = TypeVar("K")
V = TypeVar("V")

_MOST_LASTING = 10_000
"""How many values of one scope outlive a view. `Recent` holds twice that at most."""


class _Derived(NamedTuple):
    sources: tuple[object, ...]
    """INVARIANT: they are kept alive with the value, so that no other object gets the same identity."""
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
    """Values derived from one view. They live as long as the view does. A key begins with a class or a function of
    the module that remembers the value. Several threads may use it at the same time; two of them may derive the same
    value."""

    __slots__ = ("_lasting",)

    def __init__(self, before: Memo | None = None) -> None:
        """`before` is the memo of the preceding view."""
        super().__init__()
        self._lasting: Recent[Hashable, _Derived] = self._new_lasting() if before is None else before._lasting
        """Shared by the successive views of a scope."""

    @staticmethod
    def _new_lasting() -> Recent[Hashable, _Derived]:
        return Recent(_MOST_LASTING)

    def lasting(self, key: Hashable, sources: tuple[object, ...], derive: Callable[[], V]) -> V:
        """The value that `derive` makes of `sources`: the same object as in the preceding view, if the sources are the
        same objects.

        It is remembered under `key`, by which callers may look it up first. None is not remembered. INVARIANT: `derive`
        depends on the sources alone (entities, collections of this view), each of which is immutable. A changed source
        is another object, so that a value derived from the old one is not found.
        """
        known = self._lasting.get(key)
        if known is not None and _are_same(known.sources, sources):
            value: V = known.value
        else:
            forgotten = _forgotten
            value = derive()
            # A value found before `forget_policies` would otherwise be missed by the next `forget_policies`.
            if value is None or forgotten != _forgotten:
                return value
            self._lasting.put(key, _Derived(sources, value))
        self[key] = value
        return value


class PolicyMemo(Memo):
    """A memo whose values hold policies: those of a principal, a role's trust policy.

    INVARIANT: it holds no policy for longer than `access.documents` does, whose room bounds the memory of all accounts'
    policies: when some are forgotten there, `forget_policies` empties all these memos. Otherwise an account could take
    as much memory as the policies of all its principals, once each has called: more than a gigabyte.
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
"""How often policies were forgotten."""
_filled: WeakValueDictionary[int, PolicyMemo | RecentOfPolicies[Any, Any]] = WeakValueDictionary()
"""The memos that may hold something, by their `id()`."""


def forget_policies() -> None:
    """Empty all memos that hold policies. The policies of active callers are then gathered again. Any thread may call
    it."""
    global _forgotten  # global to the process, as the memory of policies is
    _forgotten += 1
    for reference in _filled.valuerefs():
        filled = reference()
        if filled is not None:
            filled.forget()


def _are_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
