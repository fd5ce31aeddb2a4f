"""Reports that were made of an account at one moment: they are kept as they were, whatever changes afterwards.

A report is derived from the state and decides nothing, so it stands beside the order of changes and is read when it is
asked for. Its row is there as soon as somebody begins to make it, so that every node tells that it is being made.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table, delete, or_, select, update

from carnet.store.codec import moment, read_moment
from carnet.store.databases.backend import Backend
from carnet.store.schema import METADATA, own_id, text
from carnet.store.schema import moment as moment_column

REPORTS = Table(
    "reports",
    METADATA,
    own_id(),
    text("account"),
    text("kind"),
    text("owner"),
    moment_column("requested"),
    Column("completed", BigInteger, nullable=True),
    Column("content", LargeBinary, nullable=True),
)
_MAKING = timedelta(minutes=5)
"""How long a report may be in the making; then whoever made it is taken for gone."""


class ReportKind(StrEnum):
    """What a report tells of."""

    CREDENTIALS = "credentials"
    LAST_ACCESSED = "last accessed"
    ORGANIZATION_ACCESS = "organization access"


class Report(Struct, frozen=True, kw_only=True):
    """A report that is asked for; `completed` and `content` are None while it is made."""

    id: str
    account: str
    kind: ReportKind
    owner: str
    """Who may read it, as the service that makes it names callers; empty for everybody in the account."""
    requested: datetime
    completed: datetime | None = None
    content: bytes | None = None


class Reports:
    """The reports of a store. Methods raise Unavailable."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def begin(self, report: Report, *, older_than: datetime) -> bool:
        """Say that a report is being made, in place of one of its id that was asked for before `older_than`.

        False if there is a newer one, or if somebody makes one at this moment.
        """
        row = {
            "id": report.id,
            "account": report.account,
            "kind": report.kind.value,
            "owner": report.owner,
            "requested": moment(report.requested),
            "completed": None,
            "content": None,
        }
        statement = self._backend.upsert(REPORTS).values(row)
        values = {column.name: statement.excluded[column.name] for column in REPORTS.c if not column.primary_key}
        old = REPORTS.c.requested < moment(older_than)
        given_up = REPORTS.c.completed.is_(None) & (REPORTS.c.requested < moment(report.requested - _MAKING))
        statement = statement.on_conflict_do_update(
            index_elements=[REPORTS.c.id], set_=values, where=or_(old, given_up)
        )
        with self._backend.writing() as connection:
            return connection.execute(statement.returning(REPORTS.c.id)).one_or_none() is not None

    def complete(self, report: Report, content: bytes, *, completed: datetime) -> None:
        """Keep what was made of the report that was begun; nothing happens if another has begun one since."""
        done = (
            update(REPORTS)
            .where(REPORTS.c.id == report.id, REPORTS.c.requested == moment(report.requested))
            .values(completed=moment(completed), content=zlib.compress(content))
        )
        with self._backend.writing() as connection:
            connection.execute(done)

    def abandon(self, report: Report) -> None:
        """Forget a report that was begun and not made."""
        with self._backend.writing() as connection:
            connection.execute(
                delete(REPORTS).where(REPORTS.c.id == report.id, REPORTS.c.requested == moment(report.requested))
            )

    def find(self, report_id: str) -> Report | None:
        """The report of that id. One that nobody makes any more, and that was not completed, is not there."""
        with self._backend.reading() as connection:
            row = connection.execute(select(REPORTS).where(REPORTS.c.id == report_id)).one_or_none()
        if row is None:
            return None
        return Report(
            id=row.id,
            account=row.account,
            kind=ReportKind(row.kind),
            owner=row.owner,
            requested=read_moment(row.requested),
            completed=None if row.completed is None else read_moment(row.completed),
            content=None if row.content is None else zlib.decompress(row.content),
        )

    def keep_newest(self, account: str, kind: ReportKind, most: int) -> None:
        """Remove all but the newest reports of a kind of an account."""
        mine = (REPORTS.c.account == account) & (REPORTS.c.kind == kind.value)
        newest = select(REPORTS.c.id).where(mine).order_by(REPORTS.c.requested.desc(), REPORTS.c.id).limit(most)
        with self._backend.writing() as connection:
            connection.execute(delete(REPORTS).where(mine, REPORTS.c.id.not_in(newest)))


def remove_old_reports(connection: Connection, before: datetime) -> None:
    """Remove the reports that were asked for before a moment."""
    connection.execute(delete(REPORTS).where(REPORTS.c.requested < moment(before)))
