"""What must hold whatever goes wrong, and one place that looks whether it does."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from tests.store.crashing import Books


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was tried, and what came of it."""

    faults: int = 0
    acknowledged: int = 0
    broken: list[str] = field(default_factory=list[str])
    """Sentences; none if every promise was kept."""

    def add(self, acknowledged: Set[int], books: Books) -> None:
        """Hold what was acknowledged against what the database has after a fault."""
        self.faults += 1
        self.broken += broken(acknowledged, books)


def broken(acknowledged: Set[int], books: Books) -> Iterator[str]:
    """The promises that these books break.

    What was not acknowledged may be there or not; what is there is there whole.
    """
    if lost := acknowledged - books.users:
        yield f"{len(lost)} acknowledged writes are lost, {min(lost)} among them"
    if not books.users == books.groups == books.audited:
        yield "a change is there in part: users, groups and audit events differ"
    if books.seq != 1 + len(books.users):
        yield "revisions and changes differ"
    if not books.one_chain:
        yield "the change log is no chain from the beginning"
    if not books.intact:
        yield "the file of the database is damaged"
