"""The events of several nodes that share a database are told together, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from carnet.audit import elsewhere
from carnet.audit.elsewhere import ElsewhereRecorded
from carnet.audit.history import EventHistory, Query
from carnet.audit.json_line import line_of
from carnet.audit.logs import MemoryLog
from carnet.entities.account import Account
from carnet.store.store import Store
from tests.audit.test_history import MINE, NOW, OTHER, event
from tests.stores.migrated import lay_out


@dataclass
class Node:
    """A node's log, in which the changes are recorded that it makes."""

    log: str
    store: Store
    lines: MemoryLog = field(default_factory=MemoryLog)

    @contextmanager
    def recording(self, events: object) -> Iterator[None]:
        yield

    def change(self, number: int, **more: str) -> None:
        told = event(number, **more)
        self.store.record = self
        account = Account(id=f"{number:012}", partition="aws", name="x", email="x@example.com", created=NOW)
        with self.store.write() as unit:
            unit.add(account)
            unit.audit(told)
        self.lines.open().write(line_of(told))

    def read(self, number: int) -> None:
        self.lines.open().write(line_of(event(number) | {"readOnly": True}))

    @property
    def history(self) -> EventHistory:
        return EventHistory(self.lines, ElsewhereRecorded(self.store, lambda: self.log))


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    lay_out(tmp_path / "carnet.db")
    store = Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")
    yield Node("one", store), Node("two", store)
    store.close()


def ids(history: EventHistory, count: int = 100, account: str | None = MINE) -> list[list[str]]:
    """Those of each page."""
    pages, start = [], None
    while True:
        page = history.page(Query(account=account), count, start)
        pages.append([each["eventID"] for each in page.events])
        start = page.next
        if start is None:
            return pages


def filled(one: Node, two: Node) -> None:
    one.change(1)
    two.change(2)
    two.change(3, account=OTHER)
    one.read(4)
    two.read(5)
    one.change(6)
    two.change(7)
    two.change(8)


def test_changes_of_all_nodes_are_found_on_each(nodes: tuple[Node, Node]) -> None:
    one, two = nodes
    filled(one, two)
    assert ids(one.history) == [["e-8", "e-7", "e-6", "e-4", "e-2", "e-1"]]
    assert ids(two.history) == [["e-8", "e-7", "e-6", "e-5", "e-2", "e-1"]]
    assert ids(one.history, account=OTHER) == [["e-3"]]
    assert ids(EventHistory(one.lines)) == [["e-6", "e-4", "e-1"]]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("span", [1, 3, 1_000])
def test_each_is_on_one_page(nodes: tuple[Node, Node], count: int, span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_SPAN", span)
    one, two = nodes
    filled(one, two)
    pages = ids(one.history, count)
    assert [each for page in pages for each in page] == ["e-8", "e-7", "e-6", "e-4", "e-2", "e-1"]
    assert all(len(page) <= count for page in pages)


def test_own_events_do_not_wait_until_all_others_are_looked_through(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_SPAN", 2)
    one, two = nodes
    two.change(0)
    for number in range(1, 30):
        one.change(number)
    page = one.history.page(Query(account=MINE), 50, most_bytes=3 * 1024 * 1024)
    told = [each["eventID"] for each in page.events]
    assert told == [f"e-{number}" for number in range(29, 29 - len(told), -1)]
    assert 3 <= len(told) < 29, "no more than is known to be in order"
    assert [each for each_page in ids(one.history) for each in each_page][-1] == "e-0"


@pytest.mark.parametrize("start", ["", "*", "x|y", "*|x", "*|1.2.3", "*|-1.0"])
def test_what_is_no_place_is_refused(nodes: tuple[Node, Node], start: str) -> None:
    filled(*nodes)
    with pytest.raises(LookupError):
        nodes[0].history.page(Query(account=MINE), 10, start)
