"""What the store refuses, with the words a service needs to say it in AWS's sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from carnet.base.faults import AlreadyExists, InUse, Missing, Unavailable


class Taken(AlreadyExists):
    """A unique index holds the name (or id, or account alias) already; `name` is as the caller wrote it."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} already exists.")
        self.kind = kind
        self.name = name


class Absent(Missing):
    """The row to change is not there, or the account that a new row belongs to is not."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} does not exist.")
        self.kind = kind
        self.name = name


class Occupied(InUse):
    """The account to remove still has entities."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} is still in use.")
        self.kind = kind
        self.name = name


class Unreachable(Unavailable):
    """The database does not answer as one does."""

    def __init__(self, message: str = "The store cannot be reached.", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """What the database or its driver says of it, in a line, which may tell where the store is and who reads it."""


class Held(Unreachable):
    """Another process writes, and has not let go in time."""

    def __init__(self) -> None:
        super().__init__("Another process holds the store, and has not let go of it for some seconds.")


class Full(Unreachable):
    """The disk of the database has no room for what was to be written."""

    def __init__(self, *, reason: str = "") -> None:
        super().__init__("The disk of the store is full. Nothing was changed.", reason=reason)


class SettingsDropped(Unavailable):
    """What stands before the database does not hand on what a session is set to."""

    def __init__(self) -> None:
        super().__init__(
            "The settings of Carnet's sessions do not reach PostgreSQL: a pooler, such as PgBouncer, refuses or drops "
            "them. Without them a read would see halves of changes. Name PostgreSQL itself in the database URL."
        )


@contextmanager
def named(shown_url: str, *kinds: type[Unavailable]) -> Iterator[None]:
    """Say of which store a fault of these kinds is, and why. For its operator: callers of a server see neither."""
    try:
        yield
    except kinds as problem:
        problem.message = f"{shown_url}: {because(problem)}"
        problem.args = (problem.message,)
        raise


def because(problem: Unavailable) -> str:
    """The sentence of an outage, and what the driver says of it, for the operator alone."""
    reason = getattr(problem, "reason", "")
    return problem.message + (f" The driver says: {reason}" if reason else "")


class OutcomeUnknown(Unavailable):
    """The store did not say whether it has made the change: it is made wholly or not at all."""

    def __init__(self, *, reason: str = "") -> None:
        self.reason = reason
        super().__init__(
            "The store did not answer the commit: the change may have been made. Look before you try again."
        )


class NoRoom(Unavailable):
    """The disk has no room for what is written with a change, so that none is made."""


class Lost(Unavailable):
    """The database that this process has opened is not there any more, or another one is in its place."""

    def __init__(self) -> None:
        super().__init__("The store was removed, replaced or overwritten while the server ran.")


class WentBack(Unavailable):
    """The database is an earlier state of itself, or has gone another way from one, and nobody has restored it.

    A backup was put in its place by hand, or a failover has lost the end of the log. What was seen is gone, revocations
    perhaps among it: INVARIANT: nobody decides by the earlier state before an operator has accepted it.
    """

    def __init__(self, seen: int, found: int) -> None:
        super().__init__(f"Revision {seen} of the store was seen, and its past is another one at revision {found}.")


class Damaged(Unavailable):
    """The file of the database is not as the database has written it."""


class BadBackup(Exception):
    """The file is no backup, or not as it was written."""


class NotEmpty(Exception):
    """What is to be restored would replace what is there."""


class NotSetUp(Exception):
    """Nobody has set up a store at this URL, which shows no password."""

    def __init__(self, url: str) -> None:
        super().__init__(f"There is no installation at {url}.")


class Incompatible(Exception):
    """The database was made by something else, or by a newer Carnet such that this one cannot work with it."""
