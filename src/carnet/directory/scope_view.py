"""One scope (the installation, an organization, an account) as it was at one revision."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from operator import is_
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar, overload

from carnet.directory.indexed import Indexed
from carnet.directory.named import Named
from carnet.entities.entity import Entity
from carnet.entities.scope import Scope
from carnet.policy.engine.recent import Recent
from carnet.store.entity_types import EntityTypes

N = TypeVar("N", bound=Entity)
T = TypeVar("T")
V = TypeVar("V")

Collections: TypeAlias = Mapping[type[Any], Indexed[Any]]
"""Class to the entities of it."""

_MOST_LASTING = 10_000
"""Values that outlive a view, of one scope. `Recent` holds twice that at most."""


class _Derived(NamedTuple):
    sources: tuple[object, ...]
    """INVARIANT: kept alive with the value, so that nothing else is ever the same object."""
    value: Any


class ScopeView:
    """Immutable: every change in the scope makes another view, which shares what did not change.

    `memo` is for what other rooms derive from this very view (the policies gathered for a principal, for example): it
    lives as long as the view, so what is in it never has to be invalidated. Keys begin with a class or function of
    whoever remembers. Several threads may use it at once; two of them may derive the same value.

    INVARIANT: what is remembered on a view is derived from it alone, and from what never changes. A change in another
    scope makes no other view of this one.
    """

    __slots__ = ("_lasting", "collections", "memo", "scope")

    def __init__(self, scope: Scope, collections: Collections, before: ScopeView | None = None) -> None:
        self.scope = scope
        self.collections = collections
        self.memo: dict[Hashable, Any] = {}
        self._lasting: Recent[Hashable, _Derived] = Recent(_MOST_LASTING) if before is None else before._lasting
        """Shared by the views of a scope that came of each other."""

    @overload
    def of(self, entity: type[N]) -> Named[N]: ...

    @overload
    def of(self, entity: type[T]) -> Indexed[T]: ...

    def of(self, entity: type[Any]) -> Indexed[Any]:
        """The entities of that class. Raises KeyError for a class whose entities belong to other scopes."""
        return self.collections[entity]

    def derived(self, derive: Callable[[Self], V]) -> V:
        """What a function of the view alone gives: the very same object for as long as the view lives.

        A request that needs layers of several scopes asks the view of each for its own, so that the engine finds again
        what it worked out for each.
        """
        if derive not in self.memo:
            self.memo.setdefault(derive, derive(self))
        value: V = self.memo[derive]
        return value

    def lasting(self, key: Hashable, sources: tuple[object, ...], derive: Callable[[], V]) -> V:
        """What `derive` makes of `sources`: the same as in the view before this one if the sources are the same.

        It is remembered in `memo` under `key`, if it is to be looked for first. None is not remembered.
        INVARIANT: `derive` depends on the sources alone (entities, collections of this view), each of which is
        immutable. Whatever of them is changed is another object, so what was derived of it before is not found.
        """
        known = self._lasting.get(key)
        if known is not None and _are_same(known.sources, sources):
            value: V = known.value
        else:
            value = derive()
            if value is None:
                return value
            self._lasting.put(key, _Derived(sources, value))
        self.memo[key] = value
        return value

    def in_order_of_deletion(self, types: EntityTypes) -> Iterator[Any]:
        """Every entity, what refers before what it refers to."""
        for each in types.in_order_of_deletion:
            yield from self.collections.get(each.entity, ())


def _are_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
