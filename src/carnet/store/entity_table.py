"""One kind of entity and the table it is kept in: an entity is one row, with all that it owns."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

import orjson
from sqlalchemy import Connection, Row, Table, select

from carnet.entities.entity import Entity
from carnet.store.changes import Change, Kind, Stored
from carnet.store.codec import moment, pairs, read_moment, read_pairs

E = TypeVar("E", bound=Stored)

RowValues: TypeAlias = dict[str, str | int | bytes | bool | None]
"""Column name to value, as both databases take it."""

_LOG = logging.getLogger(__name__)
_KEYS_PER_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTable(Generic[E]):
    """How entities of type E are written to rows and read from them."""

    kind: Kind
    table: Table
    to_row: Callable[[E], RowValues]
    from_row: Callable[[Row[Any]], E]
    """Raises an exception for a row that does not hold an E."""
    key_column: str = "id"
    account_of: Callable[[Any], str] = attrgetter("account")
    """The account id, of an entity or of a row."""
    name_of: Callable[[E], str] = attrgetter("name")
    """What is taken where a unique index refuses the entity."""

    def key_of(self, entity: E) -> str:
        """The entity's unique id."""
        key: str = getattr(entity, self.key_column)
        return key

    def read_all(self, connection: Connection, unreadable: set[str]) -> Iterator[Change]:
        """Every row as a change; the accounts of rows that cannot be read are added to `unreadable`."""
        return self._read(connection.execute(select(self.table)), unreadable)

    def read_some(self, connection: Connection, keys: Iterable[str], unreadable: set[str]) -> Iterator[Change]:
        """The rows of those keys that exist, as `read_all` gives them."""
        column = self.table.c[self.key_column]
        rest = iter(keys)
        while chunk := list(islice(rest, _KEYS_PER_QUERY)):
            yield from self._read(connection.execute(select(self.table).where(column.in_(chunk))), unreadable)

    def _read(self, rows: Iterable[Row[Any]], unreadable: set[str]) -> Iterator[Change]:
        for row in rows:
            account, key = self.account_of(row), getattr(row, self.key_column)
            try:
                yield Change(self.kind, account, key, self.from_row(row))
            except Exception:
                _LOG.exception("the %s %s of account %s cannot be read", self.kind, key, account)
                unreadable.add(account)


def content_hash(row: RowValues) -> bytes:
    """What the change log remembers of a row: SHA-256 over its columns, in the order of their names."""
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=bytes.hex)).digest()


def entity_row(entity: Entity) -> RowValues:
    """The columns of `schema.named_entity`."""
    return {
        "id": entity.id,
        "account": entity.account,
        "partition": entity.partition,
        "path": entity.path,
        "name": entity.name,
        "name_key": entity.name_key,
        "created": moment(entity.created),
        "tags": pairs(entity.tags),
    }


def entity_fields(row: Row[Any]) -> dict[str, Any]:
    """The members of `entities.entity.Entity`, from the columns of `schema.named_entity`."""
    return {
        "id": row.id,
        "account": row.account,
        "partition": row.partition,
        "path": row.path,
        "name": row.name,
        "created": read_moment(row.created),
        "tags": read_pairs(row.tags),
    }


EntityTables: TypeAlias = Mapping[Kind, EntityTable[Any]]
