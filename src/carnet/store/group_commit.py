"""Several units of work in one write transaction: a savepoint and a revision each, and one commit for all.

https://www.sqlite.org/lang_savepoint.html https://www.postgresql.org/docs/current/sql-savepoint.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from carnet.base.faults import Unavailable
from carnet.store import audit_log, change_log, head
from carnet.store.changes import Changes, Revision
from carnet.store.databases.backend import Backend, is_refused, outage, reason_of
from carnet.store.entity_types import EntityTypes
from carnet.store.faults import OutcomeUnknown, Unreachable
from carnet.store.statements import RowTuple
from carnet.store.unit_of_work import KnownEverywhere, UnitOfWork


class Group:
    """Made by `Store.group`. Its units follow each other, each beginning at the revision that the one before has
    reached.

    INVARIANT: before the commit nothing of a unit is visible outside of this transaction, and no unit counts as made.
    """

    def __init__(
        self,
        connection: Connection,
        backend: Backend,
        types: EntityTypes,
        known_everywhere: KnownEverywhere,
        at: int,
        record: audit_log.Record | None = None,
    ) -> None:
        self._connection = connection
        self._at = at
        self._driver_error = connection.dialect.loaded_dbapi.Error
        self._savepoints = connection.connection.cursor()
        """A plain cursor: SQLAlchemy would take longer for two savepoints than for the row between them."""
        self._backend = backend
        self._types = types
        self._known_everywhere = known_everywhere
        self._record = record
        self._changes: list[RowTuple] = []
        self._events: list[audit_log.EventRow] = []
        self._made: list[UnitOfWork] = []
        self.base = Revision(*connection.execute(head.LOCK).one())
        """The revision before the group."""
        self.revision = self.base
        """The revision before the next unit."""
        self.broken = False
        """Whether the transaction is gone, with everything that the units had done."""

    @property
    def made(self) -> tuple[Changes, ...]:
        """The changes of the units, in their order."""
        return tuple(unit.made for unit in self._made if unit.made is not None)

    @contextmanager
    def unit(self) -> Iterator[UnitOfWork]:
        """One unit of work. If the block raises, the changes of this unit are undone, and those of the others stay.

        Raises Unavailable if they cannot be undone: then the database has given up the transaction.
        """
        unit = UnitOfWork(self._connection, self._backend, self._types, self._known_everywhere, self.revision)
        self._run("SAVEPOINT unit")
        try:
            yield unit
            unit.finish()
        except Unavailable as problem:
            self._backend.note_refusal(problem)
            with suppress(Unreachable):  # it is gone: what the database has said first is what is wrong with it
                self._undo()
            raise
        except BaseException:
            self._undo()
            raise
        self._run("RELEASE SAVEPOINT unit")
        if unit.made is not None:
            self._changes += unit.change_rows
            self._events += unit.event_rows
            self._made.append(unit)
            self.revision = unit.made.revision

    def commit(self, transaction: RootTransaction) -> None:
        """Write the logs of all units, advance the head, commit, and tell the units. For `Store.group` alone.

        Rolls back if nothing was changed. Raises OutcomeUnknown if it is not known whether the commit was made,
        Unavailable if the events cannot be recorded.
        """
        if self.broken:
            raise Unreachable()
        if not self._made:
            transaction.rollback()
            return
        if self._events and self._record is not None:
            end = audit_log.RECORDED % self._record.log
            texts = [row.event for row in self._events]
            rows = [row._replace(event=row.event[:-1] + end) for row in self._events]
            with self._record.recording(texts):
                self._write(transaction, rows)
        else:
            self._write(transaction, self._events)
        for unit in self._made:
            unit.committed = unit.made

    def _write(self, transaction: RootTransaction, events: list[audit_log.EventRow]) -> None:
        change_log.INSERT(self._connection, self._changes)
        if events:
            audit_log.INSERT(self._connection, events)
        advance = {"next_seq": self.revision.seq, "next_hash": self.revision.hash, "next_at": self._at}
        self._connection.execute(head.ADVANCE, advance)
        self._backend.check_present()
        _commit(transaction)

    def _undo(self) -> None:
        """INVARIANT: SQLite gives up the whole transaction after some errors, and would then commit each statement by
        itself. It has no savepoint any more either, so this fails, and nothing is executed afterwards.
        """
        self._run("ROLLBACK TO SAVEPOINT unit")
        self._run("RELEASE SAVEPOINT unit")

    def _run(self, statement: str) -> None:
        try:
            self._savepoints.execute(statement)
        except self._driver_error as error:
            self.broken = True
            raise outage(error) from error


def _commit(transaction: RootTransaction) -> None:
    try:
        transaction.commit()
    except DBAPIError as error:
        if is_refused(error):
            raise
        raise OutcomeUnknown(reason=reason_of(error)) from error
