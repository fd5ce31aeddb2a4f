"""Backups: every row of one moment in one file, which either database takes.

The file is gzip over lines of JSON: a header, `[table, [value, ...]]` for each row, and at the end how many rows there
were and the SHA-256 of all lines before. Secrets are in it as they are in the database: sealed by data keys, which are
wrapped by the master key. That is not in it.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import msgspec
import orjson
from sqlalchemy import Connection, LargeBinary, Table, func, select

from carnet.store import head
from carnet.store.compatibility import COMPATIBILITY
from carnet.store.faults import BadBackup
from carnet.store.leases import LEASES
from carnet.store.nodes import NODES
from carnet.store.schema import METADATA

_FORMAT = "carnet-backup 1"
_MOST_BYTES_A_LINE = 32 * 1024 * 1024
_ROWS_PER_FETCH = 1000
_INTEGER_BITS = 63
LEFT_OUT = (NODES, LEASES, COMPATIBILITY)
"""What tells of processes that run now, and what migrations say of themselves."""

Told = Callable[[int, int], None]
"""Told how many rows are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a backup says of itself."""

    format: str
    release: str
    """The version of Carnet that made it."""
    migration: str
    """The number of the newest migration of its tables."""
    made: str
    """ISO 8601."""
    seq: int
    """The revision that it is of."""
    rows: int
    tables: dict[str, list[str]]
    """Columns of each table, tables that others refer to first."""
    binary: dict[str, list[str]]
    """Columns that hold bytes, written in base64."""


def write_backup(
    connection: Connection, file: BinaryIO, *, release: str, migration: str, made: str, told: Told
) -> Header:
    """Write all that the connection sees. It must see one state throughout."""
    tables = [table for table in METADATA.sorted_tables if table not in LEFT_OUT]
    header = Header(
        format=_FORMAT,
        release=release,
        migration=migration,
        made=made,
        seq=head.read(connection).seq,
        rows=sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables),
        tables={str(table.name): [column.name for column in table.c] for table in tables},
        binary={str(table.name): names for table in tables if (names := _binary(table))},
    )
    digest, done = hashlib.sha256(), 0
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:

        def write(line: object) -> None:
            text = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE, default=_base64)
            digest.update(text)
            packed.write(text)

        write(asdict(header))
        for table in tables:
            for row in connection.execution_options(yield_per=_ROWS_PER_FETCH).execute(select(table)):
                write([table.name, list(row)])
                done += 1
                told(done, header.rows)
        packed.write(orjson.dumps({"rows": done, "sha256": digest.hexdigest()}))
    return header


class BackupReader:
    """Reads a backup once, from beginning to end. Raises BadBackup for what is none, and for what is not whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._packed = gzip.GzipFile(fileobj=file, mode="rb")
        self._digest = hashlib.sha256()
        self.header = _header(self._line())

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(table, values by column) of each row. INVARIANT: what was read may count only once this has ended."""
        columns, binary = self.header.tables, self.header.binary
        done, before = 0, self._digest.hexdigest()
        while isinstance(line := self._line(), list):
            try:
                name, values = line
                row = dict(zip(columns[name], values, strict=True))
                if not all(map(_may_be_stored, values)):
                    raise ValueError("a value is of no column")
                for column in binary.get(name, ()):
                    row[column] = None if row[column] is None else base64.b64decode(row[column], validate=True)
            except (KeyError, TypeError, ValueError, binascii.Error) as problem:
                raise BadBackup("A row of the backup cannot be read.") from problem
            yield name, row
            done, before = done + 1, self._digest.hexdigest()
        if line != {"rows": done, "sha256": before} or done != self.header.rows:
            raise BadBackup("The backup is not as it was written: its digest is another one.")

    def _line(self) -> Any:
        try:
            text = self._packed.readline(_MOST_BYTES_A_LINE)
            if not text:
                raise BadBackup("The backup ends too early.")
            line = orjson.loads(text)
        except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as problem:
            raise BadBackup("The file is no backup of Carnet, or not a whole one.") from problem
        self._digest.update(text)
        return line


def _header(line: Any) -> Header:
    try:
        header = msgspec.convert(line, Header)
    except msgspec.ValidationError as problem:
        raise BadBackup("The file is no backup of Carnet.") from problem
    if header.format != _FORMAT:
        raise BadBackup(f"The backup has the format {header.format!r}, which this release does not know.")
    return header


def _may_be_stored(value: object) -> bool:
    """Whether a database has columns for it; JSON also has lists, objects and numbers that are longer."""
    if type(value) is int:
        return -(1 << _INTEGER_BITS) <= value < 1 << _INTEGER_BITS
    return value is None or isinstance(value, str | bool | float)


def _binary(table: Table) -> list[str]:
    return [column.name for column in table.c if isinstance(column.type, LargeBinary)]


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value)} is in no table")
