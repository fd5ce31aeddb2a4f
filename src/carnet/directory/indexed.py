"""Entities of one kind in one scope, found by their id, their unique name and what they refer to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

import immutables

from carnet.directory.packed import Packed, pack, unpack
from carnet.entities.scope import Scope
from carnet.store.entity_type import EntityType

T = TypeVar("T")

_Pair: TypeAlias = tuple[str, T | None, T | None]
"""An id, and the entity before and after a change; None if it did not exist."""

_Postings: TypeAlias = "immutables.Map[str, tuple[str, ...]]"
"""A referenced id to the ids of the entities that refer to it."""


class Indexed(Generic[T]):
    """Immutable; a changed collection shares all unchanged entities with the one before.

    The reverse index of a reference is made when it is first needed, and then updated with every change. Readers need
    no lock: two threads that fill a cache at the same time fill it with the same value.
    """

    __slots__ = (
        "_ids",
        "_packed",
        "_postings",
        "_referring",
        "_scope",
        "_sorted",
        "_type",
        "by_id",
        "installation_names",
    )

    _scope: Scope
    """The scope of the entities, if they were packed."""

    def __init__(self, entity_type: EntityType[T]) -> None:
        self._type = entity_type
        self.by_id: immutables.Map[str, T] = immutables.Map()
        self._ids: immutables.Map[Hashable, str] = immutables.Map()
        self.installation_names: immutables.Map[Hashable, str] = immutables.Map()
        """Installation-wide unique names to the ids of their entities."""
        self._postings: dict[str, _Postings] = {}
        self._referring: dict[tuple[str, str], tuple[T, ...]] = {}
        self._sorted: tuple[T, ...] | None = None
        self._packed: Packed | None = None
        """The packed entities, if they were packed before."""

    def pack(self) -> Packed | None:
        """The packed entities; None if there are none. They are packed once."""
        if self._packed is None and self.by_id:
            self._packed = pack(self._type, self.by_id.values(), self.installation_names.items())
        return self._packed

    def unpacked_later(self, scope: Scope, packed: Packed) -> Self:
        """A collection whose entities are unpacked when they are first asked for. Until then, slots are empty."""
        new = type(self).__new__(type(self))
        new._type, new._scope, new._packed = self._type, scope, packed
        new.installation_names = immutables.Map(packed.names_by_value())
        return new

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Fill a slot that is still empty."""
            if name not in _UNPACKED:
                raise AttributeError(name)
            if name == "_ids":  # most collections are never searched by name
                self._ids = self._ids_by_name()
            else:
                self.unpack()
            return getattr(self, name)

    @property
    def packed_bytes(self) -> int:
        """How many bytes will be unpacked when an entity is asked for."""
        try:
            object.__getattribute__(self, "by_id")
        except AttributeError:
            return memoryview(self._packed.entities).nbytes if self._packed is not None else 0
        return 0

    def unpack(self) -> None:
        """Unpack the entities."""
        assert self._packed is not None
        entities: list[T] = unpack(self._type, self._scope, self._packed)
        key_of = self._type.key_of
        self._postings, self._referring, self._sorted = {}, {}, None
        self.by_id = immutables.Map({key_of(one): one for one in entities})

    def _ids_by_name(self) -> immutables.Map[Hashable, str]:
        name_of = self._type.unique_name
        return immutables.Map({} if name_of is None else {name_of(one): key for key, one in self.by_id.items()})

    def get(self, key: str) -> T | None:
        """The entity of that id."""
        return self.by_id.get(key)

    def named(self, name: str) -> T | None:
        """The entity of that name, in the form that uniqueness compares; for kinds that have names."""
        key = self._ids.get(name)
        return None if key is None else self.by_id[key]

    def sorted(self) -> tuple[T, ...]:
        """All entities, in the order in which they are listed."""
        if self._sorted is None:
            self._sorted = tuple(sorted(self.by_id.values(), key=self._type.order))
        return self._sorted

    def referring(self, reference: str, target: str) -> tuple[T, ...]:
        """The entities that refer to `target`, in the order in which they are listed."""
        found = self._referring.get((reference, target))
        if found is None:
            ids = self._postings_of(reference).get(target)
            if ids is None:
                return ()
            found = tuple(sorted((self.by_id[key] for key in ids), key=self._type.order))
            self._referring[reference, target] = found
        return found

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[T]:
        return iter(self.by_id.values())

    def changed(self, changes: Mapping[str, T | None]) -> Self:
        """This collection with other entities under some ids; None removes one."""
        pairs = [(key, self.by_id.get(key), entity) for key, entity in changes.items()]
        new = type(self)(self._type)
        new.by_id = _replace_entities(self.by_id, changes)
        new._postings = {
            name: _replace_postings(postings, self._targets(name), pairs) for name, postings in self._postings.items()
        }
        new._ids = _replace_names(self._ids, self._type.unique_name, pairs)
        new.installation_names = _replace_names(self.installation_names, self._type.installation_name, pairs)
        return new

    def _targets(self, reference: str) -> Callable[[T], Iterable[str]]:
        return self._type.references[reference].targets

    def _postings_of(self, reference: str) -> _Postings:
        postings = self._postings.get(reference)
        if postings is None:
            pairs: list[_Pair[T]] = [(key, None, entity) for key, entity in self.by_id.items()]
            postings = self._postings[reference] = _replace_postings(immutables.Map(), self._targets(reference), pairs)
        return postings


_UNPACKED = ("_ids", "_postings", "_referring", "_sorted", "by_id")


def _replace_entities(by_id: immutables.Map[str, T], changes: Mapping[str, T | None]) -> immutables.Map[str, T]:
    mutation = by_id.mutate()
    for key, entity in changes.items():
        if entity is None:
            mutation.pop(key, None)
        else:
            mutation[key] = entity
    return mutation.finish()


def _replace_names(
    ids: immutables.Map[Hashable, str], name_of: Callable[[T], Hashable | None] | None, pairs: Iterable[_Pair[T]]
) -> immutables.Map[Hashable, str]:
    if name_of is None:
        return ids
    mutation = ids.mutate()
    # All old names are removed before the new ones are added: one change may pass a name from one entity to another.
    for _, old, _ in pairs:
        if old is not None and (name := name_of(old)) is not None:
            del mutation[name]
    for key, _, new in pairs:
        if new is not None and (name := name_of(new)) is not None:
            mutation[name] = key
    return mutation.finish()


def _replace_postings(
    postings: _Postings, targets_of: Callable[[T], Iterable[str]], pairs: Iterable[_Pair[T]]
) -> _Postings:
    gone: defaultdict[str, set[str]] = defaultdict(set)
    come: defaultdict[str, list[str]] = defaultdict(list)
    for key, old, new in pairs:
        before = frozenset(() if old is None else targets_of(old))
        after = frozenset(() if new is None else targets_of(new))
        for target in before - after:
            gone[target].add(key)
        for target in after - before:
            come[target].append(key)
    mutation = postings.mutate()
    for target in gone.keys() | come.keys():
        ids = [key for key in mutation.get(target, ()) if key not in gone[target]] + come[target]
        if ids:
            mutation[target] = tuple(ids)
        else:
            del mutation[target]
    return mutation.finish()
