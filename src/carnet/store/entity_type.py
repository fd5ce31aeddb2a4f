"""One kind of entity: its table, and everything that the store and the directory need to know about it.

An entity is one row, including everything that it owns.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Table, select, true

from carnet.entities.entity import Entity
from carnet.entities.scope import Scope, ScopeKind
from carnet.store.changes import Change
from carnet.store.codec import RowValues, columns, read_moment, read_pairs, written

E = TypeVar("E")

_LOG = logging.getLogger(__name__)
_KEYS_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Reference(Generic[E]):
    """How entities of one kind refer to others, by id or by ARN."""

    to: type[Any]
    targets: Callable[[E], Iterable[str]]


def many(to: type[Any], attribute: str) -> Reference[Any]:
    """A reference by an attribute that holds several ids or ARNs."""
    return Reference(to, attrgetter(attribute))


def one(to: type[Any], attribute: str) -> Reference[Any]:
    """A reference by an attribute that holds one id or ARN, or None."""
    value_of = attrgetter(attribute)

    def targets(entity: Any) -> tuple[str, ...]:
        target = value_of(entity)
        return () if target is None else (target,)

    return Reference(to, targets)


@dataclass(frozen=True, slots=True)
class Sealed(Generic[E]):
    """The sealed values of a kind (`keyring.keyring`)."""

    column: str
    values: Callable[[E], Iterable[bytes]]
    """The sealed values of an entity; an empty one stands for none."""


class Stored(NamedTuple):
    """An entity as it is stored."""

    scope: Scope
    key: str
    row: RowValues
    content: bytes
    """The row's hash, which the change log keeps."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EntityType(Generic[E]):
    """How entities of type E are stored, found, listed and removed.

    The defaults fit a named entity of an account (`entities.entity.Entity`).
    """

    entity: type[E]
    kind: str
    """Its name in the change log and in errors: `instance profile`. INVARIANT: it is never changed, and never used for
    another kind."""
    table: Table
    from_row: Callable[[Row[Any]], E]
    """Raises an exception for a row that is not an E."""
    decides: bool
    """Whether a decision may depend on it. If so, a scope with a row that cannot be read is held back."""
    to_row: Callable[[E], RowValues] | None = None
    """How an entity is written; by default, each column holds the attribute of its name, as `codec.columns` writes it.
    """
    every_release: bool = False
    """Whether every release that can open the store knows the kind; another is only written when all nodes know it."""
    key_column: str = "id"
    """Name of the unique id, of the column and of the attribute."""
    scope_kind: ScopeKind = ScopeKind.ACCOUNT
    scope_column: str | None = "account"
    """Name of the scope's id, of the column and of the attribute; None if the kind belongs to the installation."""
    name_of: Callable[[E], str] = attrgetter("name")
    """The name of an entity in errors."""
    unique_name: Callable[[E], str] | None = attrgetter("name_key")
    """The name that is unique in the scope, besides the id."""
    installation_name: Callable[[E], Hashable | None] | None = None
    """The name that is unique in the whole installation; None for an entity without one."""
    order: Callable[[E], Any] = attrgetter("name_key")
    """The order in which entities are listed."""
    sealed: Sealed[E] | None = None
    """Where sealed values are, if there are any; `identity.sealed_kinds` says what each is bound to."""
    references: Mapping[str, Reference[E]] = field(default_factory=dict[str, Reference[E]])
    """Name of a reference (`groups`, `boundary`) to what it refers to; the directory finds entities by it."""

    def __repr__(self) -> str:
        return f"EntityType({self.kind!r})"

    @property
    def is_root(self) -> bool:
        """Whether an entity is itself the scope, as an account is. Everything else of the scope is removed before
        it."""
        return self.scope_column == self.key_column

    def key_of(self, entity: E) -> str:
        """The entity's unique id."""
        key: str = getattr(entity, self.key_column)
        return key

    def row_of(self, entity: E) -> RowValues:
        """The entity's row. Raises orjson.JSONEncodeError as `stored` does."""
        if self.to_row is not None:
            return self.to_row(entity)
        names, values = _attributes(self.table)
        return written(names, values(entity))

    def stored(self, entity: E) -> Stored:
        """The entity as it is stored. Raises orjson.JSONEncodeError for text that is not Unicode (a lone surrogate)."""
        row = self.row_of(entity)
        return Stored(self.scope_of(entity), self.key_of(entity), row, content_hash(row))

    def scope_of(self, entity: E | Row[Any]) -> Scope:
        """The scope of an entity, or of a row of the table."""
        return Scope(self.scope_kind, getattr(entity, self.scope_column) if self.scope_column else "")

    def read_all(self, connection: Connection, unreadable: set[Scope]) -> Iterator[Change]:
        """Every row as a change; the scopes of rows that decide and cannot be read are added to `unreadable`."""
        return self._read_rows(connection.execute(select(self.table)), unreadable)

    def read_some(self, connection: Connection, keys: Iterable[str], unreadable: set[Scope]) -> Iterator[Change]:
        """The rows of those keys that exist, as `read_all` gives them."""
        column = self.table.c[self.key_column]
        rest = iter(keys)
        while chunk := list(islice(rest, _KEYS_PER_QUERY)):
            yield from self._read_rows(connection.execute(select(self.table).where(column.in_(chunk))), unreadable)

    def read_scope(self, connection: Connection, scope: Scope, unreadable: set[Scope]) -> Iterator[Change]:
        """The rows of a scope of this kind's, as `read_all` gives them."""
        return self._read_rows(connection.execute(select(self.table).where(self.within(scope))), unreadable)

    def within(self, scope: Scope) -> ColumnElement[bool]:
        """The condition that a row belongs to a scope."""
        return true() if self.scope_column is None else self.table.c[self.scope_column] == scope.id

    def _read_rows(self, rows: Iterable[Row[Any]], unreadable: set[Scope]) -> Iterator[Change]:
        for row in rows:
            scope, key = self.scope_of(row), getattr(row, self.key_column)
            try:
                yield Change(self, scope, key, self.from_row(row))
            except Exception:
                _LOG.exception("the %s %s of the %s cannot be read", self.kind, key, scope)
                if self.decides:
                    unreadable.add(scope)


@cache
def _attributes(table: Table) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    """The names of the columns, and a getter of the attributes of those names."""
    names = tuple(map(str, table.columns.keys()))  # plain text, which JSON needs
    if len(names) == 1:  # for one name, `attrgetter` returns no tuple
        return names, lambda entity: (getattr(entity, names[0]),)
    return names, attrgetter(*names)


def content_hash(row: RowValues) -> bytes:
    """The hash of a row in the change log: SHA-256 over its columns, in the order of their names."""
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=bytes.hex)).digest()


def entity_row(entity: Entity, **own: Any) -> RowValues:
    """The columns of `schema.named_entity`, and the kind's own."""
    return columns(
        {
            "id": entity.id,
            "account": entity.account,
            "partition": entity.partition,
            "path": entity.path,
            "name": entity.name,
            "name_key": entity.name_key,
            "created": entity.created,
            "tags": entity.tags,
            **own,
        }
    )


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
