"""One scope (the installation, an organization, an account) at one revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, TypeAlias, TypeVar, overload

from carnet.directory.indexed import Indexed
from carnet.directory.memo import Memo, PolicyMemo
from carnet.directory.named import Named
from carnet.entities.entity import Entity
from carnet.entities.scope import Scope
from carnet.store.entity_types import EntityTypes

N = TypeVar("N", bound=Entity)
T = TypeVar("T")
V = TypeVar("V")

Collections: TypeAlias = Mapping[type[Any], Indexed[Any]]
"""Class to the entities of it."""


class ScopeView:
    """Immutable: every change in the scope makes another view, which shares everything that did not change.

    `memo` remembers values that other rooms derive from this view. It lives as long as the view, so that its values
    never have to be invalidated. Values that hold policies (those gathered for a principal, for example) belong in
    `policy_memo`.

    INVARIANT: a value that is remembered on a view is derived from this view and from constants only, because a change
    in another scope makes no new view of this one.
    """

    __slots__ = ("collections", "memo", "policy_memo", "scope")

    def __init__(self, scope: Scope, collections: Collections, before: ScopeView | None = None) -> None:
        self.scope = scope
        self.collections = collections
        self.memo: Memo = Memo(None if before is None else before.memo)
        self.policy_memo: PolicyMemo = PolicyMemo(None if before is None else before.policy_memo)

    @overload
    def of(self, entity: type[N]) -> Named[N]: ...

    @overload
    def of(self, entity: type[T]) -> Indexed[T]: ...

    def of(self, entity: type[Any]) -> Indexed[Any]:
        """The entities of that class. Raises KeyError for a class whose entities belong to other scopes."""
        return self.collections[entity]

    def derived(self, derive: Callable[[Self], V]) -> V:
        """The result of a function of the view alone: the same object as long as the view lives.

        A request that needs layers of several scopes asks each scope's view, so that the engine finds what it has
        compiled for each.
        """
        if derive not in self.memo:
            self.memo.setdefault(derive, derive(self))
        value: V = self.memo[derive]
        return value

    def in_order_of_deletion(self, types: EntityTypes) -> Iterator[Any]:
        """Every entity; an entity that refers to another comes before it."""
        for each in types.in_order_of_deletion:
            yield from self.collections.get(each.entity, ())
