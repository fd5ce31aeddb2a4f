"""The change log: which rows each write transaction touched, chained by hashes.

It holds no values: a reader takes the rows as they are now. The chain lets a reader see that the past it knows is
not the past of this database (a restore, or a failover that lost the tail of the log).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Row, Table, insert, select

from carnet.store.changes import Change, Revision
from carnet.store.entity_table import RowValues
from carnet.store.schema import METADATA, text

CHANGES = Table(
    "changes",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    text("epoch"),
    Column("prev_hash", LargeBinary, nullable=False),
    text("kind"),
    text("account"),
    text("key"),
    # SHA-256 of the row as the transaction left it; NULL where it was removed.
    Column("content", LargeBinary, nullable=True),
    Column("hash", LargeBinary, nullable=False),
)
_COLUMNS = tuple(map(str, CHANGES.c.keys()))


def append(connection: Connection, base: Revision, changed: Iterable[tuple[Change, bytes | None]]) -> Revision:
    """Write the changes of the transaction that follows `base`, each with its row's content hash."""
    seq, tip = base.seq + 1, base.hash
    rows: list[RowValues] = []
    for ordinal, (change, content) in enumerate(changed):
        columns = (seq, ordinal, base.epoch, tip, change.kind.value, change.account, change.key, content)
        tip = _link(columns)
        rows.append(dict(zip(_COLUMNS, (*columns, tip), strict=True)))
    connection.execute(insert(CHANGES), rows)
    return Revision(seq, base.epoch, tip)


def _link(columns: tuple[Any, ...]) -> bytes:
    """The hash of one change row, over all its other columns."""
    return hashlib.sha256(orjson.dumps(columns, default=bytes.hex)).digest()


def read_since(connection: Connection, base: Revision) -> Sequence[Row[Any]]:
    """The rows after `base`, in order."""
    query = select(CHANGES).where(CHANGES.c.seq > base.seq).order_by(CHANGES.c.seq, CHANGES.c.ordinal)
    return connection.execute(query).all()


def joins(base: Revision, rows: Iterable[Row[Any]], head: Revision) -> bool:
    """Whether these rows lead from `base` to `head` without a gap, a fork or an edit."""
    seq, ordinal, tip = base.seq, -1, base.hash
    for row in rows:
        place = (seq, ordinal + 1) if row.seq == seq else (seq + 1, 0)
        if (row.seq, row.ordinal) != place or row.prev_hash != tip or row.hash != _link(tuple(row)[:-1]):
            return False
        (seq, ordinal), tip = place, row.hash
    return base.epoch == head.epoch and (seq, tip) == (head.seq, head.hash)
