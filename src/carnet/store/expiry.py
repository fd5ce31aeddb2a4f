"""Rows that tell in a column `expires` when their time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, select

from carnet.store.databases.backend import Backend

E = TypeVar("E")


def past_end(table: Table, from_row: Callable[[Row[Any]], E]) -> Callable[[Connection, Backend, int], Iterator[E]]:
    """What gives up to so many entities whose time is over, by the database's clock."""

    def expired(connection: Connection, backend: Backend, limit: int) -> Iterator[E]:
        query = select(table).where(table.c.expires <= backend.now).limit(limit)
        return map(from_row, connection.execute(query))

    return expired
