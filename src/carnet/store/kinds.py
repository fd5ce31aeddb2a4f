"""The kinds that releases have written, as a table that every release reads.

A release that does not know a kind finds here whether decisions depend on it and, if so, which scopes have rows of it.
It must hold these scopes back from the start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    column,
    insert,
    literal_column,
    select,
    table,
)

from carnet.entities.scope import Scope
from carnet.store.entity_types import EntityTypes
from carnet.store.schema import METADATA, optional_text, own_id, text

_LOG = logging.getLogger(__name__)

KINDS = Table(
    "kinds",
    METADATA,
    own_id("kind"),
    Column("decides", Boolean, nullable=False),
    text("table_name"),
    # The column with the scope's id; NULL if the rows are the installation's.
    optional_text("scope_column"),
)


def record(connection: Connection, types: EntityTypes) -> None:
    """Add the kinds that are missing. Entries of other releases stay."""
    there = set(connection.scalars(select(KINDS.c.kind)))
    rows = [
        {
            "kind": each.kind,
            "decides": each.decides,
            "table_name": each.table.name,
            "scope_column": each.scope_column,
        }
        for each in types
        if each.kind not in there
    ]
    if rows:
        connection.execute(insert(KINDS), rows)


def are_recorded(connection: Connection, types: EntityTypes) -> bool:
    """Whether `record` has nothing to add."""
    return set(types.by_kind) <= set(connection.scalars(select(KINDS.c.kind)))


def held_back(connection: Connection, types: EntityTypes) -> Iterator[Scope]:
    """The scopes with a row of a kind on which decisions depend and that is not among `types`."""
    unknown = select(KINDS).where(KINDS.c.decides, KINDS.c.kind.not_in(types.by_kind))
    for row in connection.execute(unknown).all():
        scopes = _scopes(connection, row)
        if scopes:
            _LOG.warning("this release does not know what a %s is: where there is one, nothing is allowed", row.kind)
        yield from scopes


def _scopes(connection: Connection, kind: Row[Any]) -> list[Scope]:
    """Where there are rows of a kind."""
    scope: ColumnElement[str] = column(kind.scope_column) if kind.scope_column is not None else literal_column("''")
    ids = connection.scalars(select(scope).select_from(table(kind.table_name)).distinct())
    return [Scope.of_id(scope_id) for scope_id in ids]
