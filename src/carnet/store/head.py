"""The head row: one row that every writer locks first and advances last.

INVARIANT: commit order is sequence order, and the sequence has no gaps, because nobody can take a number while another
holds one uncommitted.
"""

from __future__ import annotations

import secrets

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    insert,
    select,
    update,
)

from carnet.store.changes import Revision
from carnet.store.schema import METADATA, moment, text

GENESIS_HASH = b""
"""What the first change row has for a predecessor."""

HEAD = Table(
    "head",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1", name="single_row"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    text("epoch"),
    Column("hash", LargeBinary, nullable=False),
)

MARKS = Table("log_marks", METADATA, Column("seq", BigInteger, primary_key=True, autoincrement=False), moment("at"))
"""Where the head stood at some moments of the past (`store.retention`)."""

_SELECT = select(HEAD.c.seq, HEAD.c.epoch, HEAD.c.hash)
LOCK = _SELECT.with_for_update()
"""The members of a `Revision`, after the writers before; those behind wait until the transaction ends.

SQLite has no FOR UPDATE: there, BEGIN IMMEDIATE took the lock already.
"""
ADVANCE = update(HEAD)
"""To the members of a `Revision`, by the one who holds the lock."""


def create_if_absent(connection: Connection) -> None:
    """Begin the life of a new database."""
    if connection.execute(_SELECT).first() is None:
        connection.execute(insert(HEAD), {"one": 1, "seq": 0, "epoch": secrets.token_hex(16), "hash": GENESIS_HASH})


def read(connection: Connection) -> Revision:
    return Revision(*connection.execute(_SELECT).one())
