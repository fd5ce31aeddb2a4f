"""Reads the whole store, or its changes. Each function reads one consistent state."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row

from carnet.entities.scope import Scope
from carnet.store import change_log, head, kinds
from carnet.store.changes import NOWHERE, Change, Changes, Revision
from carnet.store.entity_type import EntityType
from carnet.store.entity_types import EntityTypes
from carnet.store.faults import WentBack

_LOG = logging.getLogger(__name__)


def load(connection: Connection, types: EntityTypes) -> Changes:
    """Everything."""
    revision = head.read(connection)
    unreadable = set(kinds.held_back(connection, types))
    everything = tuple(change for each in types for change in each.read_all(connection, unreadable))
    return Changes(base=None, revision=revision, changes=everything, unreadable=frozenset(unreadable))


def changes_since(
    connection: Connection, types: EntityTypes, base: Revision, held: frozenset[Scope] = frozenset()
) -> Changes:
    """The rows that were touched after `base`; the whole store, if the log does not lead from `base` to the present
    revision.

    Raises WentBack if `base` belongs to this epoch, but was never in its history: acknowledged changes are lost.

    A scope in `held`, which the reader holds back, is read as a whole if it was touched.
    """
    revision = head.read(connection)
    if revision == base:
        return Changes(base=base, revision=revision)
    logged = change_log.read_since(connection, base) if revision.epoch == base.epoch else ()
    if not change_log.joins(base, logged, revision):
        if change_log.forks(base, logged, revision):
            raise WentBack(base.seq, revision.seq)
        if base != NOWHERE:
            _LOG.warning(
                "%s at revision %d, after revision %d was seen: reading everything",
                "the store was restored, and is" if base.epoch != revision.epoch else "the change log has a gap",
                revision.seq,
                base.seq,
            )
        return load(connection, types)
    return _current_rows(connection, types, base, revision, logged, held)


def _current_rows(
    connection: Connection,
    types: EntityTypes,
    base: Revision,
    revision: Revision,
    logged: Iterable[Row[Any]],
    held: frozenset[Scope],
) -> Changes:
    """The rows that the log names, as they are now."""
    rows = [(Scope.of_id(row.scope), row) for row in logged]
    again = held.intersection(scope for scope, _ in rows)
    unknown = {scope for scope, row in rows if row.decides and row.kind not in types.by_kind}
    unreadable = _held_back(connection, types, again | unknown)
    whole, apart = again - unreadable, again | unreadable
    places = [
        (types.by_kind[row.kind], scope, row.key)
        for scope, row in rows
        if row.kind in types.by_kind and scope not in apart
    ]
    changes = (*_touched_rows(connection, places, unreadable), *_whole(connection, types, whole, unreadable))
    return Changes(
        base=base,
        revision=revision,
        changes=changes,
        whole=whole - unreadable,
        unreadable=frozenset(unreadable),
    )


def _held_back(connection: Connection, types: EntityTypes, suspects: frozenset[Scope]) -> set[Scope]:
    """The scopes with a row of an unknown kind on which decisions depend."""
    return set(suspects.intersection(kinds.held_back(connection, types))) if suspects else set()


_Place = tuple[EntityType[Any], Scope, str]
"""The place of a row, present or former."""


def _touched_rows(connection: Connection, places: Iterable[_Place], unreadable: set[Scope]) -> Iterable[Change]:
    """The rows in those places, as they are now. A row that moved from one scope to another is gone from the first."""
    changes = {place: Change(*place, None) for place in places}
    keys = defaultdict[EntityType[Any], list[str]](list)
    for change in changes.values():
        keys[change.type].append(change.key)
    for type_, touched in keys.items():
        for change in type_.read_some(connection, touched, unreadable):
            changes[type_, change.scope, change.key] = change
    return changes.values()


def _whole(
    connection: Connection, types: EntityTypes, scopes: Iterable[Scope], unreadable: set[Scope]
) -> Iterator[Change]:
    """Every row of those scopes."""
    for scope in scopes:
        for type_ in types.of_scope(scope.kind):
            yield from type_.read_scope(connection, scope, unreadable)
