"""Statements that are executed again and again: compiled once, and then given to the driver as they are.

SQLAlchemy takes longer to find a compiled statement and to go through its values than the database takes for the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, Dialect, UpdateBase

from carnet.store.codec import RowValues

_REMEMBERED = 512


class _Compiled(NamedTuple):
    text: str
    parameters: Callable[[RowValues], Any]
    """The values as the driver takes them for this text: by name, or in their order."""


def execute(connection: Connection, statement: UpdateBase, values: RowValues) -> CursorResult[Any]:
    """Execute one insert, update or delete. `values` are given as both databases take them, whatever the column.

    Raises the exceptions of `Connection.execute`. INVARIANT: `statement` is kept, so that it is found again.
    """
    text, parameters = _compiled(connection.dialect, statement, tuple(values))
    return connection.exec_driver_sql(text, parameters(values))


def execute_many(connection: Connection, statement: UpdateBase, rows: Sequence[RowValues]) -> None:
    """As `execute` for each of the rows, which all have the same columns."""
    text, parameters = _compiled(connection.dialect, statement, tuple(rows[0]))
    connection.exec_driver_sql(text, [parameters(values) for values in rows])


@lru_cache(_REMEMBERED)
def _compiled(dialect: Dialect, statement: UpdateBase, columns: tuple[str, ...]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    if not compiled.positional:
        return _Compiled(str(compiled), dict)
    names = compiled.positiontup or []
    if len(names) == 1:  # of one name, `itemgetter` gives no tuple
        return _Compiled(str(compiled), lambda values: (values[names[0]],))
    return _Compiled(str(compiled), itemgetter(*names))
