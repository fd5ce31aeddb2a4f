"""Restoring a backup: the tables as they were, with this release's migrations, in one transaction and a new epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, BinaryIO

from sqlalchemy import Connection, column, delete, func, insert, inspect, select, table, text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from carnet.keyring.data_keys import WrappedKey
from carnet.store import head, kinds
from carnet.store.audit_log import Audited
from carnet.store.backup import BackupReader, Header, Told
from carnet.store.databases.backend import Backend, outages
from carnet.store.entity_types import EntityTypes
from carnet.store.faults import BadBackup, Incompatible, NotEmpty
from carnet.store.laying_out import lay_out
from carnet.store.migrate import is_known, upgrade
from carnet.store.migrated import migrations, newest_migration
from carnet.store.rows import data_keys
from carnet.store.rows.accounts import TABLE as ACCOUNTS
from carnet.store.schema import METADATA

_ROWS_PER_INSERT = 500

CheckKeys = Callable[[tuple[WrappedKey, ...]], None]
"""Raises KeyringError if the master key that will be used does not open the data keys."""


Audit = Callable[[Header], Audited]
"""The event of the restore."""


def restore(
    backend: Backend,
    types: EntityTypes,
    file: BinaryIO,
    *,
    replace: bool,
    check_keys: CheckKeys,
    told: Told,
    at: int,
    audit: Audit | None = None,
) -> Header:
    """Put the backup into the database, all of it or nothing, as it is now, `at` a moment of `codec.moment`.

    Servers that run on it see a new epoch, and read everything anew. Raises BadBackup, Incompatible for a backup or a
    database of a newer release, NotEmpty if there are accounts and `replace` does not say that they may go, Unavailable
    if it cannot be recorded.
    """
    reader = BackupReader(file)
    if reader.header.migration > newest_migration():
        raise Incompatible(
            f"Carnet {reader.header.release} made the backup: restore it with that release, or a newer one."
        )
    if reader.header.migration not in migrations():
        raise BadBackup("The backup is of a migration that no release has.")
    with outages(), backend.writer.connect() as connection, connection.begin() as transaction:
        backend.lock_schema(connection)
        _make_room(connection, replace=replace)
        if reader.header.migration == newest_migration():
            lay_out(connection)
            _insert(connection, reader, told)
        else:
            upgrade(connection, reader.header.migration)
            _insert(connection, reader, told)
            upgrade(connection, "head")
        kinds.record(connection, types)
        head.begin_epoch(connection, at)
        check_keys(data_keys.read_all(connection))
        backend.check_present()
        seq = head.read(connection).seq
        with nullcontext() if audit is None else audit(reader.header).at(connection, seq):
            transaction.commit()
    return reader.header


def _make_room(connection: Connection, *, replace: bool) -> None:
    if not inspect(connection).has_table(head.HEAD.name):
        return
    if not is_known(connection):
        raise Incompatible(
            "The database was made by a newer Carnet: restore with that release, or into another database."
        )
    accounts = connection.scalar(select(func.count()).select_from(ACCOUNTS)) or 0
    if accounts and not replace:
        raise NotEmpty(f"There are {accounts} accounts already.")
    METADATA.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))


def _insert(connection: Connection, reader: BackupReader, told: Told) -> None:
    """Insert every row. Names are those of tables and columns that are there, so the file chooses no SQL."""
    inspector = inspect(connection)
    for name, columns in reader.header.tables.items():
        if name not in METADATA.tables or not set(columns) <= {each["name"] for each in inspector.get_columns(name)}:
            raise BadBackup("The backup has tables or columns that its release did not have.")
    for name in reversed(reader.header.tables):  # migrations may have made rows of their own
        connection.execute(delete(table(name)))
    done = 0
    for name, group in groupby(reader.rows(), key=itemgetter(0)):
        statement = insert(table(name, *map(column, reader.header.tables[name])))
        for rows in _batches(row for _, row in group):
            try:
                connection.execute(statement, rows)
            except (IntegrityError, DataError, ProgrammingError) as problem:
                raise BadBackup(f"The rows of {name} do not go together.") from problem
            done += len(rows)
            told(done, reader.header.rows)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(rows)
    while batch := list(islice(rest, _ROWS_PER_INSERT)):
        yield batch
