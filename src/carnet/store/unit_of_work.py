"""One unit of work: the changes within a write transaction, and their log entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NoReturn, Protocol, TypeVar

import orjson
from sqlalchemy import Connection, Table, UpdateBase, bindparam, delete, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from carnet.base.faults import Fault, Invalid, Unavailable
from carnet.entities.scope import Scope
from carnet.store import audit_log, change_log, leases
from carnet.store.changes import Change, Changes, Revision
from carnet.store.codec import RowValues
from carnet.store.databases.backend import Backend, outage
from carnet.store.entity_type import EntityType, Stored
from carnet.store.entity_types import EntityTypes
from carnet.store.faults import Absent, Occupied, Taken
from carnet.store.leases import Lease
from carnet.store.sealed_rows import kept_keys_in
from carnet.store.statements import RowTuple, execute, execute_many, values_of

E = TypeVar("E")
T = TypeVar("T")

KnownEverywhere = Callable[[Connection, str], bool]
"""Whether every live node knows the kind of that name. It is called in the transaction that will write it."""

_NO_TEXT = "The request holds a character that cannot be stored."


class Unit(Protocol):
    """The changes that the body of an operation may make."""

    def add(self, entity: object) -> None: ...

    def save(self, entity: object) -> None: ...

    def remove(self, entity: object) -> None: ...

    def audit(self, event: audit_log.Event, /) -> None: ...


_Place = tuple[str, Scope, str]
"""Kind, scope and key. A row that moves from one scope to another is changed in both."""


class UnitOfWork:
    """Made by `Group.unit`. Everything that is added, saved and removed is committed with the group, or nothing is.

    Nothing is read before writing: indexes and row counts decide. A fault of a statement (Taken, Absent, Occupied) ends
    the unit. To answer with another sentence, raise another fault from it.
    """

    def __init__(
        self,
        connection: Connection,
        backend: Backend,
        types: EntityTypes,
        known_everywhere: KnownEverywhere,
        base: Revision,
    ) -> None:
        self._connection = connection
        self._backend = backend
        self._types = types
        self._known_everywhere = known_everywhere
        self._known: set[str] = set()
        """The kinds that were checked already."""
        self._changed: dict[_Place, tuple[Change, bytes | None]] = {}
        self._fault: Fault | None = None
        """INVARIANT: after a statement was refused, the transaction ends with that fault, even if it was caught."""
        self._events: list[audit_log.Event] = []
        self.audit: Callable[[audit_log.Event], None] = self._events.append
        """Record an event with the change. It is dropped with the unit if nothing is changed."""
        self.base = base
        """The revision before this unit. The directory must have reached it before the caller is authorized."""
        self.made: Changes | None = None
        """The changes, once the unit has ended; None if there are none."""
        self.change_rows: list[RowTuple] = []
        self.event_rows: list[audit_log.EventRow] = []
        self.committed: Changes | None = None
        """The committed changes, for `Directory.apply`; None before the commit, and if there are none."""

    @property
    def seq(self) -> int:
        """The number of the last committed write; this unit's own will be one more."""
        return self.base.seq

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes so far: each row once in each scope, as it is now."""
        return tuple(change for change, _ in self._changed.values())

    def add(self, entity: object) -> None:
        """Insert an entity.

        Raises Taken for a name or id in use, Absent for an account that does not exist, Unavailable if decisions depend
        on the kind and not every running node knows it.
        """
        type_ = self._types.of(entity)
        self._check_known(type_)
        stored = self._stored_row(type_, entity)
        absent = Absent(stored.scope.kind, stored.scope.id)
        self._run(_insert_into(type_.table), stored.row, type_, entity, absent)
        self._note(type_, stored, entity)

    def add_all(self, entities: Iterable[object]) -> None:
        """Insert many entities, with one statement for each kind, referenced kinds first. Raises what `add` raises."""
        by_type: dict[EntityType[Any], list[object]] = {}
        for entity in entities:
            by_type.setdefault(self._types.of(entity), []).append(entity)
        for type_ in reversed(self._types.in_order_of_deletion):
            if some := by_type.get(type_):
                self._add_of_type(type_, some)

    def _add_of_type(self, type_: EntityType[Any], entities: Sequence[object]) -> None:
        self._check_known(type_)
        if self._fault is not None:
            raise self._fault
        stored = [self._stored_row(type_, entity) for entity in entities]
        first = stored[0].scope
        columns = tuple(stored[0].row)
        rows = map(values_of(columns), (each.row for each in stored))
        try:
            execute_many(self._connection, _insert_into(type_.table), columns, tuple(rows))
        except DBAPIError as error:
            self._end(error, type_, entities, Absent(first.kind, first.id))
        for each, entity in zip(stored, entities, strict=True):
            self._note(type_, each, entity)

    def save(self, entity: object) -> None:
        """Replace the row of the entity's id. Raises Absent if there is none, Taken for a new name in use."""
        type_ = self._types.of(entity)
        stored = self._stored_row(type_, entity)
        statement = _update_of(type_.table, type_.key_column)
        values: RowValues = {**stored.row, "unchanged_id": stored.key}
        self._run_on_one(statement, values, type_, entity, _absent_of(type_, entity))
        self._note(type_, stored, entity)

    def remove(self, entity: object) -> None:
        """Delete the row of the entity's id. Raises Absent if there is none, Occupied for an account in use."""
        type_ = self._types.of(entity)
        statement = _delete_from(type_.table, type_.key_column)
        occupied = Occupied(type_.kind, type_.name_of(entity))
        key = type_.key_of(entity)
        self._run_on_one(statement, {"removed_id": key}, type_, entity, occupied)
        scope = type_.scope_of(entity)
        self._changed[type_.kind, scope, key] = Change(type_, scope, key, None), None

    def remove_scope(self, scope: Scope) -> int:
        """Delete every row of a scope, with the account or organization itself; returns the number of rows.

        Rows that cannot be read are deleted too. Raises Occupied if there are rows of a kind that only a newer release
        knows, because their removal could not be logged.
        """
        types = [each for each in self._types.in_order_of_deletion if each.scope_kind is scope.kind]
        return sum(self._remove_all(type_, scope) for type_ in types)

    def _remove_all(self, type_: EntityType[Any], scope: Scope) -> int:
        key = type_.table.c[type_.key_column]
        inside = type_.within(scope)
        keys = self._connection.scalars(select(key).where(inside).order_by(key)).all()
        if keys:
            try:
                self._connection.execute(delete(type_.table).where(inside))
            except IntegrityError as error:
                self._fail(Occupied(type_.kind, scope.id), error)
        gone = {(type_.kind, scope, each): (Change(type_, scope, each, None), None) for each in keys}
        self._changed.update(gone)
        return len(keys)

    def hold(self, lease: Lease) -> None:
        """Check within this transaction that a lease is still held. Raises LeaseLost."""
        leases.hold(self._connection, self._backend, lease)

    def ask(self, question: Callable[[Connection, Backend], T]) -> T:
        """The result of a query within this transaction."""
        return question(self._connection, self._backend)

    def finish(self) -> None:
        """Make the rows of the logs, which the group writes. Only for `Group.unit`."""
        if self._fault is not None:
            raise self._fault
        if not self._changed:
            return
        self._refuse_kept_keys()
        revision, self.change_rows = change_log.linked(self.base, self._changed.values())
        self.event_rows = audit_log.rows_of(revision.seq, self._events)
        self.made = Changes(base=self.base, revision=revision, changes=self.changes)

    def _refuse_kept_keys(self) -> None:
        """INVARIANT: a value is not stored if it was sealed with a data key that is no longer used, by a process that
        did not know; it could never be opened.
        """
        written = [value for change in self.changes for value in _sealed_in(change)]
        if written and kept_keys_in(self._connection, written):
            self._fail(Unavailable("The data keys have changed meanwhile."))

    def _check_known(self, type_: EntityType[Any]) -> None:
        """Checked once in each unit. A node that starts later reads the change after it was made, and sees that it does
        not know the kind."""
        if type_.kind in self._known or not type_.decides or type_.every_release:
            return
        if not self._known_everywhere(self._connection, type_.kind):
            self._fail(Unavailable(f"Not every running server knows what a {type_.kind} is yet."))
        self._known.add(type_.kind)

    def _stored_row(self, type_: EntityType[E], entity: E) -> Stored:
        """Raises Invalid for text that is not Unicode."""
        try:
            return type_.stored(entity)
        except orjson.JSONEncodeError as error:
            self._fail(Invalid(_NO_TEXT), error)

    def _run_on_one(
        self, statement: UpdateBase, values: RowValues, type_: EntityType[E], entity: E, unresolved: Fault
    ) -> None:
        if self._run(statement, values, type_, entity, unresolved) != 1:
            self._fail(_absent_of(type_, entity))

    def _run(self, statement: UpdateBase, values: RowValues, type_: EntityType[E], entity: E, unresolved: Fault) -> int:
        """Execute a statement; returns the number of rows. A refusal by a foreign key raises `unresolved`."""
        if self._fault is not None:
            raise self._fault
        try:
            return execute(self._connection, statement, values)
        except DBAPIError as error:
            self._end(error, type_, (entity,), unresolved)

    def _end(self, refused: DBAPIError, type_: EntityType[E], entities: Sequence[E], unresolved: Fault) -> NoReturn:
        """End the unit with the fault for a refused statement about these entities."""
        if isinstance(refused, IntegrityError):
            if self._backend.refused_as_taken(refused):
                name = type_.name_of(entities[0])
                self._fail(Taken(type_.kind, name if len(entities) == 1 else f"{name}, or one with it"), refused)
            self._fail(unresolved, refused)
        self._fail(Invalid(_NO_TEXT) if isinstance(refused, DataError) else outage(refused), refused)

    def _note(self, type_: EntityType[E], stored: Stored, entity: E) -> None:
        change = Change(type_, stored.scope, stored.key, entity)
        self._changed[type_.kind, stored.scope, stored.key] = change, stored.content

    def _fail(self, fault: Fault, cause: Exception | None = None) -> NoReturn:
        self._fault = fault
        raise fault from cause


# `execute` finds how a statement is compiled by the statement itself, so there is one for each table.


@cache
def _insert_into(table: Table) -> UpdateBase:
    return insert(table)


@cache
def _update_of(table: Table, key: str) -> UpdateBase:
    return update(table).where(table.c[key] == bindparam("unchanged_id"))


@cache
def _delete_from(table: Table, key: str) -> UpdateBase:
    return delete(table).where(table.c[key] == bindparam("removed_id"))


def _sealed_in(change: Change) -> Iterable[bytes]:
    sealed = change.type.sealed
    return () if sealed is None or change.entity is None else filter(None, sealed.values(change.entity))


def _absent_of(type_: EntityType[E], entity: E) -> Absent:
    return Absent(type_.kind, type_.name_of(entity))
