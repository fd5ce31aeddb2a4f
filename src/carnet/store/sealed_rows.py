"""Which rows hold values that are not sealed as new ones are, and values that nothing opens any more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, LargeBinary, and_, func, select, true

from carnet.keyring.data_keys import KeyState
from carnet.keyring.keyring import kid_of
from carnet.store.entity_type import EntityType
from carnet.store.rows.data_keys import TABLE as DATA_KEYS

E = TypeVar("E")
_LOG = logging.getLogger(__name__)


def rows_sealed_otherwise(
    connection: Connection, type_: EntityType[E], head: bytes, *, after: str = "", limit: int | None = None
) -> Iterator[tuple[str, E | None]]:
    """(key, entity) in the order of the keys, those behind `after`; None for a row that cannot be read.

    They are the rows with a value that does not begin with `head`; of a column that holds several values, all rows.
    """
    key = type_.table.c[type_.key_column]
    query = select(type_.table).where(_otherwise(type_, head), key > after).order_by(key).limit(limit)
    for row in connection.execute(query):
        row_key: str = getattr(row, type_.key_column)
        try:
            yield row_key, type_.from_row(row)
        except Exception:
            _LOG.exception("the %s %s cannot be read", type_.kind, row_key)
            yield row_key, None


def _otherwise(type_: EntityType[E], head: bytes) -> ColumnElement[bool]:
    assert type_.sealed is not None
    column = type_.table.c[type_.sealed.column]
    if not isinstance(column.type, LargeBinary):
        return true()
    begin = func.substr(column, 1, len(head), type_=LargeBinary)
    return and_(func.length(column) > 0, begin != head)


def kept_keys_in(connection: Connection, sealed: Iterable[bytes]) -> frozenset[str]:
    """Names of the data keys in these values that open nothing any more."""
    kept = connection.scalars(select(DATA_KEYS.c.kid).where(DATA_KEYS.c.state == KeyState.KEPT.value))
    return frozenset(kept) & frozenset(map(kid_of, sealed))
