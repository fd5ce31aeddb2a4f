"""Snapshots made without a store."""

from __future__ import annotations

from carnet.directory.snapshot import Snapshot, empty_snapshot
from carnet.store.changes import Change, Changes, Revision
from carnet.store.entity_types import ENTITY_TYPES, EntityTypes


def row(entity: object, types: EntityTypes = ENTITY_TYPES) -> Change:
    """An entity as its row tells of it."""
    entity_type = types.of(entity)
    return Change(entity_type, entity_type.scope_of(entity), entity_type.key_of(entity), entity)


def snapshot_of(*entities: object, types: EntityTypes = ENTITY_TYPES) -> Snapshot:
    """What a directory shows of a store with these entities."""
    changes = tuple(row(entity, types) for entity in entities)
    return empty_snapshot(types).with_changes(Changes(base=None, revision=Revision(1, "epoch", b""), changes=changes))
