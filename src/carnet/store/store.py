"""The store: the one place where state outlives the process."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import BinaryIO, TypeVar

from sqlalchemy import URL, Connection, func, select
from sqlalchemy.exc import ProgrammingError

from carnet.base.faults import Unavailable
from carnet.entities.scope import Scope
from carnet.keyring.data_keys import WrappedKey
from carnet.store import audit_log, change_log, database_url, head, reading
from carnet.store.backup import Header, Told, write_backup
from carnet.store.changes import Changes, Revision
from carnet.store.codec import moment, read_moment
from carnet.store.databases.backend import Backend, outages
from carnet.store.entity_types import ENTITY_TYPES, EntityTypes
from carnet.store.faults import Incompatible, Lost, NotSetUp, Unreachable, named
from carnet.store.group_commit import Group
from carnet.store.head import UNKNOWN_MOMENT, Standing
from carnet.store.last_used import LastUses
from carnet.store.laying_out import set_up_if_new
from carnet.store.leases import Lease, Leases, hold
from carnet.store.migrated import is_migrated, is_set_up, newest_migration
from carnet.store.nodes import Nodes
from carnet.store.password_attempts import PasswordAttempts
from carnet.store.reports import Reports
from carnet.store.rows import data_keys
from carnet.store.unit_of_work import KnownEverywhere, UnitOfWork

E = TypeVar("E")


class Store:
    """Safe to use from several threads, not across a fork. Methods raise Unavailable while the database is down."""

    def __init__(
        self, backend: Backend, shown_url: str, types: EntityTypes, known_everywhere: KnownEverywhere | None
    ) -> None:
        self._backend = backend
        self.leases = Leases(backend)
        self.nodes = Nodes(backend)
        self.password_attempts = PasswordAttempts(backend)
        self.reports = Reports(backend)
        self.last_uses = LastUses(backend)
        self._known_everywhere = known_everywhere or self.nodes.know
        self._installation: str | None = None
        self.trusted: Callable[[], datetime | None] = lambda: None
        """The latest time that the clock of this process trusts. Writers store it in the head."""
        self.types = types
        """The kinds of entities that this process knows."""
        self.shown_url = shown_url
        """The URL without a password."""
        self._check: Callable[[Store], None] | None = None
        """The check of the database when it answers for the first time; None afterwards."""
        self.record: audit_log.Record | None = None
        """Also records the audit events of changes elsewhere; None if they are only in the database."""

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool = True,
        types: EntityTypes = ENTITY_TYPES,
        known_everywhere: KnownEverywhere | None = None,
        check: bool = False,
    ) -> Store:
        """Connect, and migrate the tables, or if there are none and `create` allows it, create them.

        `url` is `sqlite:////path/to/file` or `postgresql://user:password@host/database`. Raises ValueError for another
        URL, Unavailable if the database does not answer, Incompatible if a newer Carnet has changed it so that this one
        cannot work with it, NotSetUp if it is empty and may not be set up. `known_everywhere` lists the kinds that all
        live nodes know; None uses their reports. With `check`, the stored data is checked first, for some seconds at
        most; raises Damaged.
        """
        parsed = database_url.parsed(url)
        shown_url = database_url.shown(parsed)
        store = cls(_backend(parsed, create=create), shown_url, types, known_everywhere)
        try:
            with named(shown_url, Unavailable), outages():
                if check:
                    store._backend.check_sound()
                if not (create or is_set_up(store._backend)):
                    raise NotSetUp(store.shown_url)
                if not is_migrated(store._backend, types):
                    _migrate(store._backend, types)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def opened_later(cls, url: str, check: Callable[[Store], None], *, types: EntityTypes = ENTITY_TYPES) -> Store:
        """A store whose database does not answer yet: all methods except `poll` raise Unavailable until it does.

        Then it is opened as by `open`, and `check` is called, which raises Unavailable for the wrong database. Raises
        Unavailable at once if the database is a file, because waiting would not help.
        """
        parsed = database_url.parsed(url)
        store = cls(_backend(parsed, create=False), database_url.shown(parsed), types, None)
        if not store._backend.presume_silent():
            store.close()
            raise Unreachable()
        store._check = check
        return store

    @property
    def is_open(self) -> bool:
        """Whether its database has ever answered."""
        return self._check is None

    @staticmethod
    def restore(
        url: str,
        file: BinaryIO,
        *,
        replace: bool,
        check_keys: Callable[[tuple[WrappedKey, ...]], None],
        told: Told,
        now: datetime = UNKNOWN_MOMENT,
        audit: Callable[[Header], audit_log.Audited] | None = None,
    ) -> Header:
        """Restore a backup into a database, which is created if necessary; see `store.restore`."""
        from carnet.store.restore import restore  # with Alembic, too

        backend = _backend(database_url.parsed(url), create=True)
        try:
            return restore(
                backend,
                ENTITY_TYPES,
                file,
                replace=replace,
                check_keys=check_keys,
                told=told,
                at=moment(now),
                audit=audit,
            )
        finally:
            backend.close()

    def back_up(self, file: BinaryIO, *, release: str, made: str, told: Told) -> Header:
        """Write every row as of one moment. Writers go on meanwhile. Raises Incompatible for tables of a newer
        release."""
        if not is_migrated(self._backend, self.types):
            raise Incompatible("The tables are those of a newer Carnet: back up with that release.")
        with self._backend.reading() as connection:
            return write_backup(connection, file, release=release, migration=newest_migration(), made=made, told=told)

    @classmethod
    def in_memory(cls, types: EntityTypes = ENTITY_TYPES, known_everywhere: KnownEverywhere | None = None) -> Store:
        """A new store in memory, which no other process sees and which is gone when it is closed."""
        from carnet.store.databases.sqlite_memory import SqliteMemory

        backend = SqliteMemory()
        _migrate(backend, types)
        return cls(backend, "memory", types, known_everywhere)

    @property
    def poll_seconds(self) -> float:
        """How long a follower waits between two polls."""
        return self._backend.poll_seconds

    @property
    def polls_at_once(self) -> bool:
        """Whether `poll` never waits, so that an event loop may call it."""
        return self._backend.polls_at_once

    @property
    def silent(self) -> bool:
        """Whether the database did not answer the last poll. Then all methods except `poll` raise at once."""
        return self._backend.silent

    @contextmanager
    def group(self) -> Iterator[Group]:
        """One write transaction for several units of work, after those of all other writers and before the next.

        It is rolled back if the block raises or no unit changes anything. Keep it short: every other writer waits.
        Raises Lost instead of writing to a store that was removed or replaced.
        """
        self._backend.check_present()  # everything that a change reads comes from the store
        with self._backend.changing(), self._backend.writer.connect() as connection, connection.begin() as transaction:
            trusted = self.trusted()
            at = 0 if trusted is None else moment(trusted)
            group = Group(connection, self._backend, self.types, self._known_everywhere, at, self.record)
            yield group
            group.commit(transaction)
        if group.made:
            self._backend.refuses_changes = False
            self._backend.tell()

    @property
    def refuses_changes(self) -> bool:
        """Whether the database answers, but has refused a change (its disk is full, it is read-only), and taken none
        since."""
        return self._backend.refuses_changes

    def try_change(self) -> None:
        """Make a change as large as an entity, and take it back: so it is found out whether changes are taken again.

        Raises Unavailable. On SQLite only a commit uses the disk: that the process has reported itself says the rest.
        """
        with self._backend.changing(), self._backend.writer.connect() as connection, connection.begin() as transaction:
            change_log.put_filling(connection, Revision(*connection.execute(head.LOCK).one()))
            transaction.rollback()
        self._backend.refuses_changes = False

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """A group of one unit. Rolled back if the block raises or changes nothing."""
        with self.group() as group, group.unit() as unit:
            yield unit

    def load(self) -> Changes:
        """The whole store, as a change with `base` None."""
        with self._backend.reading() as connection:
            self._check_installation(connection)
            return reading.load(connection, self.types)

    def changes_since(self, base: Revision, held: frozenset[Scope] = frozenset()) -> Changes:
        """The differences from `base`; the whole store, with `base` None, if this database has another history.

        Raises WentBack if it has lost a part of its history without a restore, Lost if it belongs to another
        installation. Scopes in `held`, which the reader holds back, are read as a whole if they were touched.
        """
        with self._backend.reading() as connection:
            changes = reading.changes_since(connection, self.types, base, held)
            if changes.base is None:
                self._check_installation(connection)
            return changes

    def revision(self) -> Revision:
        """The present revision."""
        with self._backend.reading() as connection:
            return head.read(connection)

    def standing(self) -> Standing:
        """The present revision, the installation, and the time of the last write."""
        with self._backend.reading() as connection:
            return head.standing(connection)

    def has_been_at(self, revision: Revision) -> bool:
        """Whether a revision of this epoch is in the history of the store, as far as the change log goes back."""
        with self._backend.reading() as connection:
            return change_log.leads_through(connection, revision, head.read(connection))

    def accept(self, at: datetime, event: audit_log.Event) -> Standing:
        """Begin a new epoch with the store as it is, last written at that time. The event is recorded in `record`,
        too."""
        audited = None if self.record is None else audit_log.Audited(event, self.record)
        with outages(), self._backend.writer.connect() as connection, connection.begin() as transaction:
            head.begin_epoch(connection, moment(at))
            seq = head.read(connection).seq
            with nullcontext() if audited is None else audited.at(connection, seq):
                transaction.commit()
        return self.standing()

    def clock(self) -> datetime:
        """The present time by the database's clock."""
        with self._backend.reading() as connection:
            return read_moment(connection.scalar(select(self._backend.now)) or 0)

    def follow_notices(self, heard: Callable[[], None]) -> None:
        """Call `heard`, on another thread, when another process says that it has committed. A notice may be lost, so
        poll as well.

        From then on, other processes are notified of the commits of this process.
        """
        self._backend.follow_notices(heard)

    def poll(self) -> Hashable:
        """A value that differs from the one before if anybody committed in between (and perhaps if not)."""
        if self._check is None:
            return self._backend.poll()
        try:
            return self._poll_first(self._check)
        except (ProgrammingError, Incompatible) as problem:
            raise Unavailable(f"{self.shown_url}: {problem}") from problem

    def _poll_first(self, check: Callable[[Store], None]) -> Hashable:
        """INVARIANT: what the check refuses counts as silent on, so that nothing is read from it or written to it."""
        stamp = self._backend.poll()
        try:
            with outages():
                if not is_migrated(self._backend, self.types):
                    _migrate(self._backend, self.types)
            check(self)
        except BaseException:
            self._backend.presume_silent()
            raise
        self._check = None
        return stamp

    def all_of(self, kind: type[E]) -> tuple[E, ...]:
        """Every entity of one kind, without reading the rest. One that cannot be read is left out, and logged."""
        with self._backend.reading() as connection:
            return tuple(change.entity for change in self.types.of_class(kind).read_all(connection, set()))

    def counts(self, scope: Scope) -> dict[str, int]:
        """How many entities of each kind a scope has, by the kinds' words."""
        with self._backend.reading() as connection:
            return {
                each.kind: connection.scalar(select(func.count()).select_from(each.table).where(each.within(scope)))
                or 0
                for each in self.types.of_scope(scope.kind)
            }

    def data_keys(self) -> tuple[WrappedKey, ...]:
        """Every data key, oldest first. Within `write` no other process can add one."""
        with self._backend.reading() as connection:
            return data_keys.read_all(connection)

    def audit_events(self, since: int = 0) -> tuple[tuple[int, audit_log.Event], ...]:
        """(seq, event) of the writes after `since`, in order."""
        with self._backend.reading() as connection:
            return tuple(audit_log.read_since(connection, since))

    def verify_changes(self) -> tuple[int, str | None]:
        """(how many rows of the change log are as they were written, what is wrong with the next one, if anything)."""
        with self._backend.reading() as connection:
            return change_log.first_break(connection, head.read(connection))

    def events_recorded_in(self, log: str, since: int) -> tuple[str, ...]:
        """The events of writes after `since` that were to be in that log (`record`), as JSON texts, in order."""
        with self._backend.reading() as connection:
            return tuple(audit_log.read_recorded(connection, log, since))

    def events_elsewhere(
        self, log: str, account: str | None, *, before: tuple[int, int], down_to: int
    ) -> tuple[tuple[int, int, str], ...]:
        """(seq, ordinal, JSON text) of events in other logs than that one, the newest first (`audit_log`)."""
        with self._backend.reading() as connection:
            return tuple(audit_log.read_elsewhere(connection, log, account, before=before, down_to=down_to))

    def first_event(self, seq: int) -> str | None:
        """The first event of that revision or one after it, as JSON text."""
        with self._backend.reading() as connection:
            return audit_log.read_first(connection, seq)

    @contextmanager
    def fenced(self, lease: Lease) -> Iterator[tuple[Connection, Backend]]:
        """A write of a job that the head row does not order. Raises LeaseLost."""
        with self._backend.writing() as connection:
            hold(connection, self._backend, lease)
            yield connection, self._backend

    @property
    def installation(self) -> str:
        """Which installation's the store is, as `load` has found; empty before."""
        return self._installation or ""

    def expect(self, installation: str) -> None:
        """Which installation's the store must be, for who does not `load` it."""
        self._installation = installation

    def _check_installation(self, connection: Connection) -> None:
        found = head.standing(connection).installation
        if self._installation not in (None, found):
            raise Lost
        self._installation = found

    def close(self) -> None:
        self._backend.close()


def _backend(url: URL, *, create: bool) -> Backend:
    name = url.get_backend_name()
    if name == "sqlite":
        from carnet.store.databases.sqlite import Sqlite

        return Sqlite(url, create=create)
    if name == "postgresql":
        from carnet.store.databases.postgresql import Postgresql

        return Postgresql(url)
    raise ValueError(f"the database must be sqlite or postgresql, not {name}; {database_url.FORMS}")


def _migrate(backend: Backend, types: EntityTypes) -> None:
    """Bring the tables to this version's, those of a new database at once."""
    if not set_up_if_new(backend, types):
        from carnet.store.migrate import migrate  # with Alembic, which is seldom needed

        migrate(backend, types)
