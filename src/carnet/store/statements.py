"""Statements that are executed again and again: compiled once, and then given to the driver as they are.

SQLAlchemy takes longer to find a compiled statement and to go through its values than the database takes for the row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Dialect, Table, UpdateBase, insert
from sqlalchemy.exc import DBAPIError

from carnet.store.codec import RowValues

RowTuple: TypeAlias = tuple[str | int | bytes | bytearray | bool | None, ...]
"""The values of a row in the order of its columns."""

_REMEMBERED = 512
_NAMED = re.compile(r"%\(([^)]+)\)s")
_MOST_ROWS = 256
"""Of one statement: PostgreSQL takes 65,535 values."""


class _Compiled(NamedTuple):
    text: str
    by_name: Callable[[RowValues], Any]
    """The values as the driver takes them for this text: by name, or in their order."""
    in_order: Callable[[Sequence[RowTuple]], Sequence[RowTuple]]
    """Many rows whose values are in the order of the columns, in that of the text."""
    each: bool
    """Whether the driver takes many rows for the text of one. To PostgreSQL it would send each by itself
    (`store/databases/watched_connection.py`)."""


def execute(connection: Connection, statement: UpdateBase, values: RowValues) -> int:
    """Execute one insert, update or delete: how many rows it was about. `values` are given as both databases take them,
    whatever the column.

    The driver is asked itself: what SQLAlchemy makes of a result of no rows costs several times what the row does.
    Raises the exceptions of `Connection.execute`. A connection that was lost is found out by the end of its
    transaction. INVARIANT: `statement` is kept, so that it is found again.
    """
    dialect = connection.dialect
    compiled = _compile(dialect, statement, tuple(values))
    cursor = connection.connection.cursor()
    try:
        cursor.execute(compiled.text, compiled.by_name(values))
        return cursor.rowcount
    except dialect.loaded_dbapi.Error as error:
        # INVARIANT: without the values, which no log is to have.
        raise DBAPIError.instance(
            compiled.text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error
    finally:
        cursor.close()


def execute_many(
    connection: Connection, statement: UpdateBase, columns: tuple[str, ...], rows: Sequence[RowTuple]
) -> None:
    """Insert rows, of one value for each of the columns. Without any, nothing is asked."""
    if not rows:  # which a driver would take for a statement without values
        return
    compiled = _compile(connection.dialect, statement, columns)
    ordered = compiled.in_order(rows)
    if compiled.each:
        connection.exec_driver_sql(compiled.text, ordered)
        return
    done = 0
    while done < len(ordered):
        # Powers of two, so that there are few texts, which the database prepares.
        some = ordered[done : done + min(_MOST_ROWS, 1 << (len(ordered) - done).bit_length() - 1)]
        connection.exec_driver_sql(_of_several(compiled.text, len(some)), tuple(chain.from_iterable(some)))
        done += len(some)


@lru_cache(_REMEMBERED)
def _of_several(text: str, count: int) -> str:
    """An insert of one row by named values, as one of several rows by the order of their values."""
    into, _, row = text.partition(" VALUES ")
    return f"{into} VALUES {', '.join([_NAMED.sub('%s', row)] * count)}"


@dataclass(frozen=True, slots=True)
class Insertion:
    """The insert of rows of a table, given to the driver as `execute_many` gives them."""

    statement: UpdateBase
    columns: tuple[str, ...]

    @classmethod
    def into(cls, table: Table, columns: tuple[str, ...]) -> Insertion:
        """That of rows of the table."""
        return cls(insert(table), columns)

    def __call__(self, connection: Connection, rows: Sequence[RowTuple]) -> None:
        execute_many(connection, self.statement, self.columns, rows)


@lru_cache(_REMEMBERED)
def _compile(dialect: Dialect, statement: UpdateBase, columns: tuple[str, ...]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    text = str(compiled)
    each = compiled.positional
    names = tuple(compiled.positiontup or ()) if each else tuple(_NAMED.findall(text))
    by_name = values_of(names)

    def in_order(rows: Sequence[RowTuple]) -> Sequence[RowTuple]:
        return [by_name(dict(zip(columns, row, strict=True))) for row in rows]

    return _Compiled(text, by_name if each else dict, list if names == columns else in_order, each)


@cache
def values_of(columns: tuple[str, ...]) -> Callable[[RowValues], RowTuple]:
    """What gives the values of a row in the order of these columns."""
    if len(columns) == 1:  # of one name, `itemgetter` gives no tuple
        return lambda values: (values[columns[0]],)
    return itemgetter(*columns)
