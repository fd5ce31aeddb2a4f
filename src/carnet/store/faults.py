"""The faults of the store, with the values that services need for AWS's sentences."""

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
    """The row to change does not exist, or the account of a new row does not."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} does not exist.")
        self.kind = kind
        self.name = name


class Occupied(InUse):
    """The account to remove still contains entities."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} is still in use.")
        self.kind = kind
        self.name = name


class Unreachable(Unavailable):
    """The database does not answer, or not as a database does."""

    def __init__(self, message: str = "The store cannot be reached.", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """The message of the database or its driver, in one line. It may contain the address of the store and a user
        name."""


class Held(Unreachable):
    """Another process writes, and has not finished in time."""

    def __init__(self) -> None:
        super().__init__("Another process holds the store, and has not let go of it for some seconds.")


class TakesNoChanges(Unreachable):
    """The database answers, and refuses whatever would change it: it is read-only, a standby for example."""

    def __init__(self, message: str = "The store takes no changes. Nothing was changed.", *, reason: str = "") -> None:
        super().__init__(message, reason=reason)


class Full(TakesNoChanges):
    """The disk of the database has no room for what was to be written."""

    def __init__(self, *, reason: str = "") -> None:
        super().__init__("The disk of the store is full. Nothing was changed.", reason=reason)


class SettingsDropped(Unavailable):
    """A pooler in front of the database does not pass on the settings of a session."""

    def __init__(self) -> None:
        super().__init__(
            "The settings of Carnet's sessions do not reach PostgreSQL: a pooler, such as PgBouncer, refuses or drops "
            "them. Without them a read would see halves of changes. Name PostgreSQL itself in the database URL."
        )


@contextmanager
def named(shown_url: str, *kinds: type[Unavailable]) -> Iterator[None]:
    """Add the store's URL and the reason to the message of such a fault. For the operator only: callers of a server see
    neither."""
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
    """The store did not say whether it has made the change. It is made completely or not at all."""

    def __init__(self, *, reason: str = "") -> None:
        self.reason = reason
        super().__init__(
            "The store did not answer the commit: the change may have been made. Look before you try again."
        )


class NoRoom(Unavailable):
    """The disk has no room for a change and its events, so that no change is made."""


class Lost(Unavailable):
    """The database that this process has opened was removed, or replaced by another one."""

    def __init__(self) -> None:
        super().__init__("The store was removed, replaced or overwritten while the server ran.")


class WentBack(Unavailable):
    """The database is in an earlier state, or in one that developed differently from it, without a restore by Carnet.

    A backup was put in its place by hand, or a failover has lost the end of the log. Changes that were seen are lost,
    perhaps revocations. INVARIANT: no decision uses the earlier state before an operator has accepted it.
    """

    def __init__(self, seen: int, found: int) -> None:
        super().__init__(f"Revision {seen} of the store was seen, and its past is another one at revision {found}.")


class Damaged(Unavailable):
    """The database's file is damaged."""


class BadBackup(Exception):
    """The file is no backup, or was altered."""


class NotEmpty(Exception):
    """The restore would replace existing accounts."""


class NotSetUp(Exception):
    """No store was set up at this URL, which is shown without its password."""

    def __init__(self, url: str) -> None:
        super().__init__(f"There is no installation at {url}.")


class Incompatible(Exception):
    """The database was made by another program, or changed by a newer Carnet so that this one cannot work with it."""
