"""From which version on a release can work with the tables of this database.

A migration that only adds tables, and columns that a writer may leave out, leaves it as it is: then a release from
before the migration reads and writes beside one from after it. A migration that changes what is there sets it to its
own number.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Connection, Integer, Table, inspect, select

from carnet.store.schema import METADATA, text

SINCE = "0002"
"""The number of the newest migration that changes what was there."""

COMPATIBILITY = Table(
    "compatibility",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1", name="single_row"), primary_key=True, autoincrement=False),
    # The number of a migration: older releases, which do not have it, cannot work with the tables.
    text("since"),
)


def reaches(connection: Connection, newest: str) -> bool:
    """Whether a release whose newest migration is `newest` can work with the tables.

    INVARIANT: the numbers of migrations have four digits and rise, so that text compares as they do.
    """
    if not inspect(connection).has_table(COMPATIBILITY.name):
        return False
    since = connection.scalar(select(COMPATIBILITY.c.since))
    return since is not None and since <= newest
