"""The events that other nodes have recorded are found in the database, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from carnet.entities.account import Account
from carnet.store.store import Store

CREATED = datetime(2026, 1, 2, tzinfo=UTC)
MINE, OTHER = "111122223333", "444455556666"


@dataclass(frozen=True)
class Log:
    log: str

    @contextmanager
    def recording(self, events: Sequence[str]) -> Iterator[None]:
        yield


def change(store: Store, log: str | None, *accounts: str) -> int:
    """One change with an event for each account; its revision."""
    store.record = Log(log) if log is not None else None
    with store.write() as unit:
        number = unit.seq + 1
        unit.add(Account(id=f"{number:012}", partition="aws", name="x", email="x@example.com", created=CREATED))
        for account in accounts:
            unit.audit({"eventTime": str(number), "recipientAccountId": account})
    return number


def found(store: Store, log: str, account: str | None, before: tuple[int, int], down_to: int = 0) -> list[object]:
    return [
        (seq, ordinal, text)
        for seq, ordinal, text in store.events_elsewhere(log, account, before=before, down_to=down_to)
    ]


def text(number: int, account: str) -> str:
    return f'{{"eventTime":"{number}","recipientAccountId":"{account}"}}'


def test_those_of_other_logs_are_found_by_account_and_place(store: Store) -> None:
    first = change(store, "two", MINE, OTHER, MINE)
    change(store, "one", MINE)
    third = change(store, "two", OTHER)
    change(store, None, MINE)  # of a process that records nothing elsewhere
    end = (third + 2, 0)
    mine = [(first, 2, text(first, MINE)), (first, 0, text(first, MINE))]
    assert found(store, "one", MINE, end) == mine
    assert found(store, "one", MINE, (first, 2)) == mine[1:]
    assert found(store, "one", MINE, end, down_to=first + 1) == []
    assert found(store, "one", None, end)[0] == (third, 0, text(third, OTHER))
    assert len(found(store, "one", None, end)) == 4
    assert found(store, "two", MINE, end) == [(first + 1, 0, text(first + 1, MINE))]
    assert store.first_event(first + 1) is not None
    assert store.first_event(third + 2) is None
