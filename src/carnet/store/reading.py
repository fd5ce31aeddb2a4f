"""Reading the whole store, or what is new in it. Each function is one answer from one consistent state."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row

from carnet.store import change_log, head
from carnet.store.changes import NOWHERE, Change, Changes, Kind, Revision
from carnet.store.tables import ENTITY_TABLES

_LOG = logging.getLogger(__name__)


def load(connection: Connection) -> Changes:
    """Everything."""
    unreadable: set[str] = set()
    revision = head.read(connection)
    everything = tuple(
        change for entities in ENTITY_TABLES.values() for change in entities.read_all(connection, unreadable)
    )
    return Changes(base=None, revision=revision, changes=everything, unreadable=frozenset(unreadable))


def changes_since(connection: Connection, base: Revision) -> Changes:
    """The rows touched after `base`; everything, where the log does not lead from `base` to here."""
    revision = head.read(connection)
    if revision == base:
        return Changes(base=base, revision=revision)
    logged = change_log.read_since(connection, base) if revision.epoch == base.epoch else ()
    if not change_log.joins(base, logged, revision):
        if base != NOWHERE:
            _LOG.warning("the change log does not lead from %s to %s: reading everything", base, revision)
        return load(connection)
    return _current(connection, base, revision, logged)


def _current(connection: Connection, base: Revision, revision: Revision, logged: Iterable[Row[Any]]) -> Changes:
    """The rows that the log names, as they are now."""
    unreadable: set[str] = set()
    touched = {(Kind(row.kind), row.key): Change(Kind(row.kind), row.account, row.key, None) for row in logged}
    for kind, entities in ENTITY_TABLES.items():
        keys = [key for touched_kind, key in touched if touched_kind is kind]
        for change in entities.read_some(connection, keys, unreadable):
            touched[kind, change.key] = change
    return Changes(base=base, revision=revision, changes=tuple(touched.values()), unreadable=frozenset(unreadable))
