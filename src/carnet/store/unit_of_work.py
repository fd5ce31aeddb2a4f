"""One write transaction: what it changes, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, NoReturn

import orjson
from sqlalchemy import Connection, CursorResult, Executable, bindparam, delete, insert, update
from sqlalchemy.exc import DataError, IntegrityError

from carnet.base.faults import Fault, Invalid
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.keyring.data_keys import WrappedKey
from carnet.store import audit_log, change_log, head
from carnet.store.access_keys import ACCESS_KEYS
from carnet.store.accounts import ACCOUNTS
from carnet.store.backend import Backend
from carnet.store.changes import Change, Changes, Kind
from carnet.store.data_keys import DATA_KEYS
from carnet.store.entity_table import E, EntityTable, RowValues, content_hash
from carnet.store.faults import Absent, Occupied, Taken
from carnet.store.groups import GROUPS
from carnet.store.instance_profiles import INSTANCE_PROFILES
from carnet.store.policies import POLICIES
from carnet.store.roles import ROLES
from carnet.store.users import USERS

_NO_TEXT = "The request holds a character that cannot be stored."


@dataclass(slots=True)
class _Transaction:
    """What the collections of one unit share."""

    connection: Connection
    backend: Backend
    changed: dict[tuple[Kind, str], tuple[Change, bytes | None]]
    fault: Fault | None = None
    """INVARIANT: once a statement was refused, the transaction ends in that fault, whoever caught it."""


class Rows(Generic[E]):
    """The rows of one kind, for writing. Nothing is read before: indexes and row counts decide."""

    def __init__(self, transaction: _Transaction, entities: EntityTable[E]) -> None:
        self._transaction = transaction
        self._entities = entities

    def add(self, entity: E) -> None:
        """Insert. Raises Taken for a name or id in use, Absent for an account that does not exist."""
        row, content = self._row(entity)
        unresolved = Absent("account", self._entities.account_of(entity))
        self._run(insert(self._entities.table), row, entity, unresolved)
        self._note(entity, entity, content)

    def save(self, entity: E) -> None:
        """Replace the row of the entity's id. Raises Absent where there is none, Taken for a new name in use."""
        row, content = self._row(entity)
        statement = update(self._entities.table).where(self._id_column == bindparam("unchanged_id"))
        values: RowValues = {**row, "unchanged_id": self._entities.key_of(entity)}
        self._run_on_one(statement, values, entity, self._absent(entity))
        self._note(entity, entity, content)

    def remove(self, entity: E) -> None:
        """Delete the row of the entity's id. Raises Absent where there is none, Occupied for an account in use."""
        statement = delete(self._entities.table).where(self._id_column == bindparam("removed_id"))
        occupied = Occupied(self._entities.kind, self._entities.name_of(entity))
        self._run_on_one(statement, {"removed_id": self._entities.key_of(entity)}, entity, occupied)
        self._note(entity, None, None)

    @property
    def _id_column(self) -> Any:
        return self._entities.table.c[self._entities.key_column]

    def _absent(self, entity: E) -> Absent:
        return Absent(self._entities.kind, self._entities.name_of(entity))

    def _row(self, entity: E) -> tuple[RowValues, bytes]:
        """The row and its content hash. Raises Invalid for text that is not Unicode (a lone surrogate)."""
        try:
            row = self._entities.to_row(entity)
            return row, content_hash(row)
        except orjson.JSONEncodeError as error:
            self._fail(Invalid(_NO_TEXT), error)

    def _run_on_one(self, statement: Executable, values: RowValues, entity: E, unresolved: Fault) -> None:
        if self._run(statement, values, entity, unresolved).rowcount != 1:
            self._fail(self._absent(entity))

    def _run(self, statement: Executable, values: RowValues, entity: E, unresolved: Fault) -> CursorResult[Any]:
        """Execute; a refusal by a foreign key is `unresolved`."""
        if self._transaction.fault is not None:
            raise self._transaction.fault
        try:
            return self._transaction.connection.execute(statement, values)
        except IntegrityError as error:
            if self._transaction.backend.refused_as_taken(error):
                self._fail(Taken(self._entities.kind, self._entities.name_of(entity)), error)
            self._fail(unresolved, error)
        except DataError as error:
            self._fail(Invalid(_NO_TEXT), error)

    def _note(self, entity: E, now: E | None, content: bytes | None) -> None:
        kind, key = self._entities.kind, self._entities.key_of(entity)
        self._transaction.changed[kind, key] = Change(kind, self._entities.account_of(entity), key, now), content

    def _fail(self, fault: Fault, cause: Exception | None = None) -> NoReturn:
        self._transaction.fault = fault
        raise fault from cause


class UnitOfWork:
    """Made by `Store.write`: what is added, saved and removed is committed at the end of the block, all or nothing.

    A fault of a statement (Taken, Absent, Occupied) ends the unit: to answer it with another sentence, raise another
    fault from it.
    """

    def __init__(self, connection: Connection, backend: Backend) -> None:
        self._connection = connection
        self._transaction = transaction = _Transaction(connection, backend, {})
        self._events: list[audit_log.Event] = []
        self.base = head.lock(connection)
        """The revision that this unit follows. The directory must be there before the caller is authorized."""
        self.committed: Changes | None = None
        """What was committed, for `Directory.apply`; None until then, and where nothing was changed."""
        self.accounts: Rows[Account] = Rows(transaction, ACCOUNTS)
        self.users: Rows[User] = Rows(transaction, USERS)
        self.groups: Rows[Group] = Rows(transaction, GROUPS)
        self.roles: Rows[Role] = Rows(transaction, ROLES)
        self.policies: Rows[ManagedPolicy] = Rows(transaction, POLICIES)
        self.instance_profiles: Rows[InstanceProfile] = Rows(transaction, INSTANCE_PROFILES)
        self.access_keys: Rows[AccessKey] = Rows(transaction, ACCESS_KEYS)
        self.data_keys: Rows[WrappedKey] = Rows(transaction, DATA_KEYS)

    @property
    def seq(self) -> int:
        """The number of the last committed write; this unit's own will be one more."""
        return self.base.seq

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed so far, each row once, as it is now."""
        return tuple(change for change, _ in self._transaction.changed.values())

    def audit(self, event: audit_log.Event) -> None:
        """Record an event with the change. It is dropped with the unit where nothing is changed."""
        self._events.append(event)

    def finish(self) -> Changes | None:
        """Write the logs and advance the head; None where nothing was changed. For `Store.write` alone."""
        if self._transaction.fault is not None:
            raise self._transaction.fault
        if not self._transaction.changed:
            return None
        revision = change_log.append(self._connection, self.base, self._transaction.changed.values())
        audit_log.append(self._connection, revision.seq, self._events)
        head.advance(self._connection, revision)
        return Changes(base=self.base, revision=revision, changes=self.changes)
