"""Statements that are executed again and again: compiled once, and then given to the driver as they are.

SQLAlchemy takes longer to find a compiled statement and to go through its values than the database takes for the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Dialect, Table, UpdateBase, insert
from sqlalchemy.exc import DBAPIError

from carnet.store.codec import RowValues

RowTuple: TypeAlias = tuple[str | int | bytes | bytearray | bool | None, ...]
"""The values of a row in the order of its columns."""

_REMEMBERED = 512


class _Compiled(NamedTuple):
    text: str
    by_name: Callable[[RowValues], Any]
    """The values as the driver takes them for this text: by name, or in their order."""
    in_order: Callable[[Sequence[RowTuple]], Sequence[Any]]
    """The same of many rows whose values are in the order of the columns."""


def execute(connection: Connection, statement: UpdateBase, values: RowValues) -> int:
    """Execute one insert, update or delete: how many rows it was about. `values` are given as both databases take them,
    whatever the column.

    The driver is asked itself: what SQLAlchemy makes of a result of no rows costs several times what the row does.
    Raises the exceptions of `Connection.execute`. A connection that was lost is found out by the end of its
    transaction. INVARIANT: `statement` is kept, so that it is found again.
    """
    dialect = connection.dialect
    compiled = _compiled(dialect, statement, tuple(values))
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
    """As `execute` for each of the rows, of one value for each of the columns."""
    compiled = _compiled(connection.dialect, statement, columns)
    connection.exec_driver_sql(compiled.text, compiled.in_order(rows))


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
def _compiled(dialect: Dialect, statement: UpdateBase, columns: tuple[str, ...]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    text = str(compiled)
    if not compiled.positional:
        return _Compiled(text, dict, lambda rows: [dict(zip(columns, row, strict=True)) for row in rows])
    names = tuple(compiled.positiontup or ())
    by_name = values_of(names)
    if names == columns:
        return _Compiled(text, by_name, list)
    return _Compiled(text, by_name, lambda rows: [by_name(dict(zip(columns, row, strict=True))) for row in rows])


@cache
def values_of(columns: tuple[str, ...]) -> Callable[[RowValues], RowTuple]:
    """What gives the values of a row in the order of these columns."""
    if len(columns) == 1:  # of one name, `itemgetter` gives no tuple
        return lambda values: (values[columns[0]],)
    return itemgetter(*columns)
