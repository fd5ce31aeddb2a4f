"""The change log: which rows each write transaction touched, chained by hashes.

It holds no values: a reader takes the rows as they are now. By the chain a reader sees that the history which it knows
is not the history of this database (after a restore, or a failover that lost the end of the log).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, LargeBinary, Row, Table, select, true

from carnet.store.changes import Change, Revision
from carnet.store.schema import METADATA, text
from carnet.store.statements import Insertion, RowTuple

CHANGES = Table(
    "changes",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    text("epoch"),
    Column("prev_hash", LargeBinary, nullable=False),
    text("kind"),
    # The id of an account or an organization; empty for the installation.
    text("scope"),
    text("key"),
    # SHA-256 of the row as the transaction left it; NULL if it was removed.
    Column("content", LargeBinary, nullable=True),
    Column("hash", LargeBinary, nullable=False),
    # Whether decisions depend on the kind. If so, a reader that does not know the kind must hold the scope back.
    Column("decides", Boolean, nullable=False, server_default=true()),
)
_ROWS_AT_ONCE = 1000
_FILLING, _FILLING_ROWS = 750, 32
"""PostgreSQL neither packs such a row nor puts it elsewhere, and five of them fill a page."""
_LINKED = ("seq", "ordinal", "epoch", "prev_hash", "kind", "scope", "key", "content")
"""The columns that a row's hash covers. INVARIANT: the same in every release, so that each can follow changes of
another."""
INSERT = Insertion.into(CHANGES, (*_LINKED, "hash", "decides"))
"""Of the rows that `linked` has made, in their order."""


def linked(base: Revision, changed: Iterable[tuple[Change, bytes | None]]) -> tuple[Revision, list[RowTuple]]:
    """The changes of the unit that follows `base`, each with its row's content hash: its revision, and their rows.

    Hashes are bytearrays, which sqlite3 takes as they are: of bytes it looks for an adapter, each time.
    """
    seq, epoch, tip = base.seq + 1, base.epoch, base.hash
    rows: list[RowTuple] = []
    for ordinal, (change, content) in enumerate(changed):
        kind, decides, scope, key = change.type.kind, change.type.decides, change.scope.id, change.key
        before, stored = bytearray(tip), None if content is None else bytearray(content)
        tip = _link((seq, ordinal, epoch, tip, kind, scope, key, content), decides)
        rows.append((seq, ordinal, epoch, before, kind, scope, key, stored, bytearray(tip), decides))
    return Revision(seq, epoch, tip), rows


def put_filling(connection: Connection, base: Revision) -> None:
    """Put rows behind `base` that say nothing, of some pages, for who rolls them back."""
    rows: list[RowTuple] = [
        (base.seq + 1, ordinal, base.epoch, b"", "", "", secrets.token_hex(_FILLING), None, b"", False)
        for ordinal in range(_FILLING_ROWS)
    ]
    INSERT(connection, rows)


def _link(linked: tuple[Any, ...], decides: bool) -> bytes:
    """The hash of one change row. For a row that decides it is the same as before the column `decides` existed."""
    columns = linked if decides else (*linked, decides)
    return hashlib.sha256(orjson.dumps(columns, default=bytes.hex)).digest()


def _link_of(row: Row[Any]) -> bytes:
    return _link(tuple(getattr(row, name) for name in _LINKED), row.decides)


def read_since(connection: Connection, base: Revision, *, limit: int | None = None) -> Sequence[Row[Any]]:
    """The rows after `base`, in order."""
    query = select(CHANGES).where(CHANGES.c.seq > base.seq).order_by(CHANGES.c.seq, CHANGES.c.ordinal).limit(limit)
    return connection.execute(query).all()


def forks(base: Revision, rows: Sequence[Row[Any]], head: Revision) -> bool:
    """Whether `base` was never in the history of `head`, in the same epoch. `rows` are the rows after it.

    If the log does not go back to `base`, it is not known, and False.
    """
    if base.epoch != head.epoch or base.epoch == "":
        return False
    if head.seq <= base.seq:
        return head != base
    return bool(rows) and (rows[0].seq, rows[0].ordinal) == (base.seq + 1, 0) and rows[0].prev_hash != base.hash


def leads_through(connection: Connection, past: Revision, head: Revision) -> bool:
    """Whether `past` is in the history of `head`, as far as the log goes back."""
    return not forks(past, read_since(connection, past, limit=1), head)


def first_break(connection: Connection, head: Revision) -> tuple[int, str | None]:
    """(how many rows are as they were written, from the oldest that is kept; what is wrong with the next one)."""
    query = select(CHANGES).order_by(CHANGES.c.seq, CHANGES.c.ordinal).execution_options(yield_per=_ROWS_AT_ONCE)
    seq, ordinal, tip, count = -1, -1, b"", 0
    for row in connection.execute(query):
        place = (seq, ordinal + 1) if row.seq == seq else (seq + 1, 0)
        first = not count
        if not first and (row.seq, row.ordinal) != place:
            return count, f"behind change {seq}.{ordinal} comes {row.seq}.{row.ordinal}: rows are missing"
        if not first and row.prev_hash != tip:
            return count, f"change {row.seq}.{row.ordinal} does not follow the one before it"
        if row.hash != _link_of(row):
            return count, f"change {row.seq}.{row.ordinal} was altered"
        (seq, ordinal), tip, count = (row.seq, row.ordinal), row.hash, count + 1
    if count and (seq, tip) != (head.seq, head.hash):
        return count, f"the last row is change {seq}.{ordinal}, and the head stands at {head.seq}"
    return count, None


def joins(base: Revision, rows: Iterable[Row[Any]], head: Revision) -> bool:
    """Whether these rows lead from `base` to `head` without a gap, a fork or an edit."""
    seq, ordinal, tip = base.seq, -1, base.hash
    for row in rows:
        place = (seq, ordinal + 1) if row.seq == seq else (seq + 1, 0)
        if (row.seq, row.ordinal) != place or row.prev_hash != tip or row.hash != _link_of(row):
            return False
        (seq, ordinal), tip = place, row.hash
    return base.epoch == head.epoch and (seq, tip) == (head.seq, head.hash)
