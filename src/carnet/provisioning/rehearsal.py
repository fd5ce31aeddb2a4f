"""A change that is tried on a snapshot, without the store: nobody waits for it, and nothing comes of it."""

from __future__ import annotations

from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import Entity
from carnet.store.audit_log import Event
from carnet.store.changes import Change, Changes, Revision
from carnet.store.entity_type import EntityType
from carnet.store.entity_types import EntityTypes
from carnet.store.faults import Taken


class RehearsedUnit:
    """Takes what a body does to the store. A name in use is found in the snapshot, not by an index."""

    def __init__(self, snapshot: Snapshot, types: EntityTypes) -> None:
        self._before = snapshot
        self._types = types
        self._changes: list[Change] = []

    def add(self, entity: object) -> None:
        """Raises Taken for a name in use."""
        self.save(entity)

    def save(self, entity: object) -> None:
        """Raises Taken for a name in use."""
        type_ = self._types.of(entity)
        if self._is_taken(type_, entity):
            raise Taken(type_.kind, type_.name_of(entity))
        self._note(type_, entity, entity)

    def remove(self, entity: object) -> None:
        self._note(self._types.of(entity), entity, None)

    def audit(self, event: Event, /) -> None:
        """Nothing comes of the change, and nobody is told of it."""

    def after(self) -> Snapshot:
        """The snapshot as it would be."""
        base = self._before.revision
        revision = Revision(base.seq + 1, base.epoch, b"rehearsed")
        return self._before.with_changes(Changes(base=base, revision=revision, changes=tuple(self._changes)))

    def _note(self, type_: EntityType[object], entity: object, after: object) -> None:
        self._changes.append(Change(type_, type_.scope_of(entity), type_.key_of(entity), after))

    def _is_taken(self, type_: EntityType[object], entity: object) -> bool:
        key, others = type_.key_of(entity), []
        if type_.installation_name is not None and (name := type_.installation_name(entity)) is not None:
            others.append(self._before.named(type_.entity, name))
        if isinstance(entity, Entity) and (view := self._before.account(entity.account)) is not None:
            others.append(view.of(type(entity)).named(entity.name_key))
        return any(other is not None and type_.key_of(other) != key for other in others)
