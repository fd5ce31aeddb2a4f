"""The head row: one row that every writer locks first and advances last.

INVARIANT: commit order is sequence order, and the sequence has no gaps, because no writer can take a number while
another one has not committed its own.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    bindparam,
    case,
    insert,
    select,
    update,
)

from carnet.store.changes import Revision
from carnet.store.codec import RowValues, read_moment
from carnet.store.schema import METADATA, moment, optional_text, text


class Standing(NamedTuple):
    """The state of a store's head."""

    installation: str
    revision: Revision
    at: datetime
    """The latest time that a writer trusted; UNKNOWN_MOMENT if none did."""


UNKNOWN_MOMENT = read_moment(0)
GENESIS_HASH = b""
"""The predecessor's hash of the first change row."""

HEAD = Table(
    "head",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1", name="single_row"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    text("epoch"),
    Column("hash", LargeBinary, nullable=False),
    # The id of the installation, which a restore does not change; NULL if an older release has made the database.
    optional_text("installation"),
    # The latest time that a writer trusted (`base.clock.SteadyClock`), as `codec.moment` writes it.
    Column("at", BigInteger, nullable=False, server_default="0"),
)

MARKS = Table("log_marks", METADATA, Column("seq", BigInteger, primary_key=True, autoincrement=False), moment("at"))
"""The position of the head at some times in the past (`store.retention`)."""

_SELECT = select(HEAD.c.seq, HEAD.c.epoch, HEAD.c.hash)
LOCK = _SELECT.with_for_update()
"""Selects the members of a `Revision` and locks the row: earlier writers have finished, later ones wait until the
transaction ends.

SQLite has no FOR UPDATE: there, BEGIN IMMEDIATE took the lock already.
"""
ADVANCE = update(HEAD).values(
    seq=bindparam("next_seq"),
    hash=bindparam("next_hash"),
    at=case((HEAD.c.at < bindparam("next_at"), bindparam("next_at")), else_=HEAD.c.at),
)
"""Sets a new revision, and a new time unless the head has a later one. Only for the holder of the lock."""


def create_if_absent(connection: Connection) -> None:
    """Create the head row of a new database."""
    if connection.execute(_SELECT).first() is None:
        connection.execute(insert(HEAD), _first_row())


def _first_row() -> RowValues:
    epoch, installation = secrets.token_hex(16), secrets.token_hex(16)
    return {"one": 1, "seq": 0, "epoch": epoch, "hash": GENESIS_HASH, "installation": installation}


def begin_epoch(connection: Connection, at: int) -> None:
    """Begin a new epoch with the store as it is at that time: readers that have seen another history read everything
    anew."""
    connection.execute(update(HEAD).values(epoch=secrets.token_hex(16), at=at))


def standing(connection: Connection) -> Standing:
    row = connection.execute(select(HEAD)).one()
    return Standing(
        installation=row.installation or "", revision=Revision(row.seq, row.epoch, row.hash), at=read_moment(row.at)
    )


def read(connection: Connection) -> Revision:
    return Revision(*connection.execute(_SELECT).one())
