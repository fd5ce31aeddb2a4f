"""A change that the log has no room for does not happen; one that the log lacks is filled in once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carnet.audit.chained_lines import ChainedLines
from carnet.audit.filling_in import fill_in
from carnet.audit.log_files import JsonLines
from carnet.audit.logs import FileLog
from carnet.audit.reading import parsed
from carnet.audit.recorder import Recorder, Underway
from carnet.base.faults import AlreadyExists, Unavailable
from carnet.entities.account import Account
from carnet.services.operator_event import operator_event
from carnet.store.faults import OutcomeUnknown
from carnet.store.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class Node:
    """One process that changes a store and records it."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store = store
        self.log = FileLog(directory / "audit.jsonl")
        self.recorder = Recorder(partial(self.log.open_chained, clock), Underway(directory))

    def change(self, *numbers: int) -> None:
        """Make an account each, in one transaction of a unit each."""
        self.store.record = self.recorder
        with self.store.group() as group:
            for number in numbers:
                with group.unit() as unit:
                    name = f"{number:012}"
                    unit.add(Account(id=name, partition="aws", name=name, email=f"{name}@example.com", created=NOW))
                    unit.audit(operator_event("CreateAccount", {"accounts": [number]}, NOW))

    def fill_in(self) -> int:
        return fill_in(self.recorder, self.store, self.log, NOW)

    def recorded(self) -> list[int]:
        return [event["requestParameters"]["accounts"][0] for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        found = map(parsed, self.log.path.read_bytes().split(b"\n"))
        return [event for event in found if event is not None and "eventID" in event]

    def made(self) -> list[int]:
        return sorted(int(account.id) for account in self.store.all_of(Account))


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.in_memory()
    yield store
    store.close()


@pytest.fixture
def node(store: Store, tmp_path: Path) -> Node:
    return Node(store, tmp_path)


def killed(*_: object) -> None:
    """In place of what would have been done next."""
    raise SystemExit


def killed_before_the_log(node: Node, monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(JsonLines, "keep", killed)
        with pytest.raises(SystemExit):
            node.change(*numbers)


def test_a_change_is_in_the_log_before_its_transaction_ends(node: Node) -> None:
    node.change(1, 2)
    assert node.recorded() == node.made() == [1, 2]
    assert node.events() == [event for _, event in node.store.audit_events()]


@pytest.mark.parametrize("method", ["_reserve", "_lock", "_put"])
def test_a_change_that_cannot_be_recorded_does_not_happen(
    node: Node, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The audit log cannot be written.")

    with monkeypatch.context() as patched:
        patched.setattr(JsonLines, method, full)
        with pytest.raises(Unavailable):
            node.change(1)
    assert node.made() == []
    node.change(2)
    assert node.recorded() == node.made() == [2]


def test_what_was_promised_for_a_change_that_failed_is_there_for_another(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.change(1)
    before = node.recorder._room
    with pytest.raises(AlreadyExists):
        node.change(1)
    assert node.recorder._room == before

    def refused(*_: object) -> None:
        raise OutcomeUnknown

    with monkeypatch.context() as patched:
        patched.setattr("carnet.store.group_commit._commit", refused)
        with pytest.raises(OutcomeUnknown):
            node.change(2)
    assert node.recorder._room == before
    assert node.recorded() == [1]


def test_a_change_is_answered_though_the_disk_refuses_afterwards_and_none_follows_it(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    node.change(1)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        node.change(2)
        assert "in the database alone" in caplog.text
        with pytest.raises(Unavailable, match="lacks a change"):
            node.change(3)
        with pytest.raises(Unavailable):
            node.fill_in()
    assert node.made() == [1, 2]
    assert node.fill_in() == 1
    node.change(3)
    assert node.recorded() == node.made() == [1, 2, 3]


def test_what_a_kill_has_kept_from_the_log_is_filled_in_once_and_marked(
    node: Node, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.change(1)
    killed_before_the_log(node, monkeypatch, 2, 3)
    assert (node.recorded(), node.made()) == ([1], [1, 2, 3])
    next_start = Node(store, tmp_path)
    next_start.change(4)
    assert next_start.fill_in() == 2
    assert next_start.recorded() == [1, 4, 2, 3]
    assert [event.get("addendum") for event in node.events()] == [None, None, *[{"reason": "SERVICE_OUTAGE"}] * 2]
    assert Node(store, tmp_path).fill_in() == next_start.fill_in() == 0
    next_start.change(5)
    killed_before_the_log(next_start, monkeypatch, 6)
    assert Node(store, tmp_path).fill_in() == 1
    assert node.recorded() == [1, 4, 2, 3, 5, 6]


def test_a_part_of_a_group_is_filled_in(node: Node) -> None:
    node.change(1, 2, 3)
    lines = node.log.path.read_bytes().split(b"\n")
    node.log.path.write_bytes(b"\n".join(lines[:2]) + b"\n" + lines[2][:50])  # as a power failure leaves it
    assert Node(node.store, node.log.path.parent).fill_in() == 2
    assert node.recorded() == [1, 2, 3]


def test_each_log_has_the_changes_of_its_own_node(node: Node, store: Store, tmp_path: Path) -> None:
    other = Node(store, tmp_path / "other")
    node.change(1)
    other.change(2)
    assert node.fill_in() == other.fill_in() == 0
    assert (node.recorded(), other.recorded()) == ([1], [2])


def test_nothing_is_filled_in_while_a_change_is_under_way(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.audit.filling_in._PATIENCE_SECONDS", 0.01)
    filled: list[int] = []

    def meanwhile(*given: Any) -> None:
        other = Node(node.store, node.log.path.parent)
        thread = threading.Thread(target=lambda: filled.append(other.fill_in()))
        thread.start()
        thread.join()
        keep(*given)

    keep = JsonLines.keep
    monkeypatch.setattr(JsonLines, "keep", meanwhile)
    node.change(1)
    assert filled == [0]
    assert node.recorded() == [1]


def test_a_restored_past_is_not_recorded_again(node: Node, tmp_path: Path) -> None:
    node.change(1, 2)
    assert node.fill_in() == 0
    lines = [line for line in node.log.path.read_bytes().split(b"\n") if b"complete" not in line]
    (told,) = [line for line in node.log.path.read_bytes().split(b"\n") if line.startswith(b'{"complete"')]
    complete = {**json.loads(told)["complete"], "epoch": "another", "seq": 1}
    assert complete["time"] == "2026-01-02T00:00:00Z"
    node.log.path.write_bytes(b"\n".join(lines))
    ChainedLines(node.log.path, clock).append({"complete": complete})
    assert Node(node.store, tmp_path).fill_in() == 0
    assert node.recorded() == [1, 2]


@pytest.mark.parametrize(("room", "made"), [(True, [1]), (False, [])])
def test_no_change_is_made_on_a_disk_that_is_nearly_full(
    store: Store, tmp_path: Path, room: bool, made: list[int]
) -> None:
    node = Node(store, tmp_path)
    node.recorder = Recorder(partial(node.log.open_chained, clock), Underway(tmp_path), lambda: room)
    if room:
        node.change(1)
    else:
        with pytest.raises(Unavailable, match="nearly full"):
            node.change(1)
    assert node.made() == made
    assert node.recorder.state == ("writable" if room else "disk nearly full")


@pytest.mark.parametrize("takes", [True, False])
def test_a_directory_that_takes_no_new_file_is_told_before_one_is_begun(
    store: Store, tmp_path: Path, takes: bool
) -> None:
    node = Node(store, tmp_path)
    node.recorder = Recorder(partial(node.log.open_chained, clock), Underway(tmp_path), takes_files=lambda: takes)
    node.change(1)
    assert node.made() == [1]
    assert node.recorder.state == ("writable" if takes else "not writable")
