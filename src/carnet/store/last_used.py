"""When access keys, SCIM tokens, roles, passwords and sessions of browsers were last used, and actions by who asked.

Traffic writes these, so they stand in tables of their own, are written in batches and never touch the head row. Rows
of what is deleted go with the next pruning (`left_over`). Every process reads again and again what the others have
written: an index on when a row was written, by the database's clock, makes that cost what is new, not what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Table, and_, delete, func, select

from carnet.store.codec import RowValues, moment, read_moment
from carnet.store.databases.backend import Backend
from carnet.store.schema import METADATA, own_id, text
from carnet.store.schema import moment as moment_column


class KeyUse(Struct, frozen=True):
    """The last request signed with an access key, or with a SCIM token in its header."""

    when: datetime
    service: str
    region: str


class RoleUse(Struct, frozen=True):
    """The last request made by a session of a role."""

    when: datetime
    region: str


class Attempt(NamedTuple):
    """Which action somebody asked for, whether or not it was allowed."""

    principal_id: str
    """The unique id of a user or a role, or the id of the account whose root user it was."""
    action: str


class PasswordUse(Struct, frozen=True):
    """The last sign-in with the password of a user or root user."""

    when: datetime


class SessionUse(Struct, frozen=True):
    """The last request of a browser in a session."""

    when: datetime


def _written_column() -> Column[int]:
    """When the row was written; 0 if a release wrote it that knows nothing of it."""
    return Column("written", BigInteger, nullable=False, server_default="0", index=True)


KEY_USES = Table(
    "access_key_use",
    METADATA,
    own_id("key_id"),
    moment_column("last_used"),
    text("service"),
    text("region"),
    _written_column(),
)
ROLE_USES = Table(
    "role_use", METADATA, own_id("role_id"), moment_column("last_used"), text("region"), _written_column()
)
ACTION_USES = Table(
    "action_use", METADATA, own_id("principal_id"), own_id("action"), moment_column("last_used"), text("region")
)

MOST_ACTIONS = 1000
"""Actions that are remembered of one principal: the newest. Whoever asks for every action displaces its own."""
MOST_READ = 200_000
"""Uses of actions that are read for one report: the newest."""
_WRITTEN = "written"
_PRINCIPALS_PER_QUERY = 500
_ROWS_PER_PART = 10_000

PASSWORD_USES = Table("password_use", METADATA, own_id("owner_id"), moment_column("last_used"), _written_column())
SESSION_USES = Table(
    "browser_session_use", METADATA, own_id("session_id"), moment_column("last_used"), _written_column()
)


class Uses(Struct, frozen=True, kw_only=True):
    """The last uses of keys, roles and their like, by their ids."""

    keys: dict[str, KeyUse] = {}
    roles: dict[str, RoleUse] = {}
    passwords: dict[str, PasswordUse] = {}
    """By the id of the user, or of the account whose root user it was."""
    sessions: dict[str, SessionUse] = {}


class LastUses:
    """The last uses in a store. Methods raise Unavailable."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def save(self, uses: Uses) -> None:
        """Keep the newest use of each."""
        with self._backend.writing() as connection:
            _save_keys(connection, self._backend, uses.keys)
            _save_roles(connection, self._backend, uses.roles)
            _save_passwords(connection, self._backend, uses.passwords)
            _save_sessions(connection, self._backend, uses.sessions)

    def load(self, since: datetime) -> Uses:
        """Those that were written at `since` or later, by the database's clock."""
        with self._backend.reading() as connection:
            return Uses(
                keys=_load_keys(connection, since),
                roles=_load_roles(connection, since),
                passwords=_load_passwords(connection, since),
                sessions=_load_sessions(connection, since),
            )

    def save_actions(self, uses: Mapping[Attempt, RoleUse]) -> None:
        """Keep the newest use of each action by each principal, and of each principal the newest actions."""
        with self._backend.writing() as connection:
            _save_actions(connection, self._backend, uses)

    def actions_of(self, principals: Iterable[str], since: datetime) -> dict[Attempt, RoleUse]:
        """The last uses of actions by these principals, by id, at `since` or later; of too many the newest."""
        with self._backend.reading() as connection:
            return _load_actions(connection, principals, since)


def _save_keys(connection: Connection, backend: Backend, uses: Mapping[str, KeyUse]) -> None:
    """Keep the newest use of each key."""
    rows: list[RowValues] = [
        {"key_id": key_id, "last_used": moment(use.when), "service": use.service, "region": use.region}
        for key_id, use in sorted(uses.items())  # sorted: two flushing processes lock rows in the same order
    ]
    _keep_newest(connection, backend, KEY_USES, rows)


def _save_roles(connection: Connection, backend: Backend, uses: Mapping[str, RoleUse]) -> None:
    """Keep the newest use of each role."""
    rows: list[RowValues] = [
        {"role_id": role_id, "last_used": moment(use.when), "region": use.region}
        for role_id, use in sorted(uses.items())
    ]
    _keep_newest(connection, backend, ROLE_USES, rows)


def _save_actions(connection: Connection, backend: Backend, uses: Mapping[Attempt, RoleUse]) -> None:
    """Keep the newest use of each action by each principal, and of each principal the newest actions."""
    rows: list[RowValues] = [
        {
            "principal_id": attempt.principal_id,
            "action": attempt.action,
            "last_used": moment(use.when),
            "region": use.region,
        }
        for attempt, use in sorted(uses.items())
    ]
    _keep_newest(connection, backend, ACTION_USES, rows)
    principal, actions = ACTION_USES.c.principal_id, func.count()
    counted = select(principal).where(principal.in_({attempt.principal_id for attempt in uses}))
    for full in connection.scalars(counted.group_by(principal).having(actions > MOST_ACTIONS)).all():
        of_one = select(ACTION_USES.c.action).where(principal == full)
        newest = of_one.order_by(ACTION_USES.c.last_used.desc(), ACTION_USES.c.action).limit(MOST_ACTIONS)
        connection.execute(delete(ACTION_USES).where(principal == full, ACTION_USES.c.action.not_in(newest)))


def _save_passwords(connection: Connection, backend: Backend, uses: Mapping[str, PasswordUse]) -> None:
    """Keep the newest use of each password, by the id of whose it is."""
    rows: list[RowValues] = [
        {"owner_id": owner_id, "last_used": moment(use.when)} for owner_id, use in sorted(uses.items())
    ]
    _keep_newest(connection, backend, PASSWORD_USES, rows)


def _save_sessions(connection: Connection, backend: Backend, uses: Mapping[str, SessionUse]) -> None:
    """Keep the newest use of each session of a browser, by its id."""
    rows: list[RowValues] = [
        {"session_id": session_id, "last_used": moment(use.when)} for session_id, use in sorted(uses.items())
    ]
    _keep_newest(connection, backend, SESSION_USES, rows)


def _keep_newest(connection: Connection, backend: Backend, table: Table, rows: Sequence[RowValues]) -> None:
    if not rows:
        return
    statement = backend.upsert(table)
    if _WRITTEN in table.c:
        statement = statement.values({_WRITTEN: backend.now})
    values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_=values,
        where=statement.excluded.last_used > table.c.last_used,
    )
    connection.execute(statement, rows)


def _load_keys(connection: Connection, since: datetime) -> dict[str, KeyUse]:
    """Key id to its last use, of the rows written at `since` or later."""
    query = select(KEY_USES).where(KEY_USES.c.written >= moment(since))
    return {
        row.key_id: KeyUse(read_moment(row.last_used), row.service, row.region) for row in connection.execute(query)
    }


def _load_roles(connection: Connection, since: datetime) -> dict[str, RoleUse]:
    """Role id to its last use, of the rows written at `since` or later."""
    query = select(ROLE_USES).where(ROLE_USES.c.written >= moment(since))
    return {row.role_id: RoleUse(read_moment(row.last_used), row.region) for row in connection.execute(query)}


def _load_actions(connection: Connection, principals: Iterable[str], since: datetime) -> dict[Attempt, RoleUse]:
    """The last uses of actions by these principals, at `since` or later; of too many the newest."""
    found: dict[Attempt, RoleUse] = {}
    wanted = sorted(set(principals))
    for start in range(0, len(wanted), _PRINCIPALS_PER_QUERY):
        chunk = wanted[start : start + _PRINCIPALS_PER_QUERY]
        recent = (ACTION_USES.c.principal_id.in_(chunk)) & (ACTION_USES.c.last_used >= moment(since))
        query = select(ACTION_USES).where(recent).order_by(ACTION_USES.c.last_used.desc())
        for row in connection.execute(query.limit(max(0, MOST_READ - len(found)))):
            found[Attempt(row.principal_id, row.action)] = RoleUse(read_moment(row.last_used), row.region)
    return found


def remove_old_actions(connection: Connection, before: datetime, after: str) -> str | None:
    """Remove the uses of actions that are older than a moment, of the `next_owners` behind `after`; gives the last."""
    rows, last = next_owners(connection, ACTION_USES.c.principal_id, after)
    connection.execute(delete(ACTION_USES).where(rows, ACTION_USES.c.last_used < moment(before)))
    return last


def next_owners(connection: Connection, owner: Column[str], after: str) -> tuple[ColumnElement[bool], str | None]:
    """The condition of the next rows by `owner` behind the id `after`, and their last owner; None if no more follow.

    All of an owner's rows are in one part, which has some thousands. One statement over a table with the uses of all
    actions by all users would hold up every change on SQLite, and on PostgreSQL take longer than statements may.
    """
    last = connection.scalar(select(owner).where(owner > after).order_by(owner).offset(_ROWS_PER_PART).limit(1))
    return owner > after if last is None else and_(owner > after, owner <= last), last


def _load_passwords(connection: Connection, since: datetime) -> dict[str, PasswordUse]:
    """User or account id to the last use of its password, of the rows written at `since` or later."""
    query = select(PASSWORD_USES).where(PASSWORD_USES.c.written >= moment(since))
    return {row.owner_id: PasswordUse(read_moment(row.last_used)) for row in connection.execute(query)}


def _load_sessions(connection: Connection, since: datetime) -> dict[str, SessionUse]:
    """Session id to its last use, of the rows written at `since` or later."""
    query = select(SESSION_USES).where(SESSION_USES.c.written >= moment(since))
    return {row.session_id: SessionUse(read_moment(row.last_used)) for row in connection.execute(query)}
