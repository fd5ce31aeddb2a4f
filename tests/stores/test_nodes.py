"""Nodes report themselves; those that are silent are no longer live."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from threading import Thread

import pytest

from carnet.store.nodes import LIVE_SECONDS, Node, all_know, read_live
from carnet.store.store import Store
from tests.stores import raw
from tests.waiting import PATIENCE_SECONDS

ONE = Node(id="1", release="0.1.0", features=frozenset({"user", "sealed:2"}), seq=3)
OTHER = Node(id="2", release="0.0.9", features=frozenset({"user"}), seq=1)


def _let_time_pass(database: str, seconds: int) -> None:
    raw.execute(database, "UPDATE nodes SET seen = seen - :micros WHERE id = '2'", {"micros": seconds * 1_000_000})


def test_a_node_is_seen_with_its_last_report(store: Store) -> None:
    assert store.nodes.live() == ()
    assert store.nodes.join(ONE) == (ONE,)
    assert store.nodes.join(OTHER) == (ONE, OTHER)
    later = replace(OTHER, seq=7, features=frozenset({"user", "seals:2"}))
    assert store.nodes.report(later) == (ONE, later)
    store.nodes.leave(ONE.id)
    assert store.nodes.live() == (later,)


def test_a_node_is_live_for_some_time_after_its_report(store: Store, database: str) -> None:
    store.nodes.join(ONE)
    store.nodes.join(OTHER)
    _let_time_pass(database, LIVE_SECONDS - 20)
    assert store.nodes.live() == (ONE, OTHER)
    _let_time_pass(database, 20)
    assert store.nodes.report(ONE) == (ONE,)
    assert store.nodes.report(OTHER) == (ONE, OTHER), "it was only silent"


def test_what_all_nodes_know(store: Store) -> None:
    assert all_know((), "sealed:2")
    assert all_know((ONE,), "sealed:2")
    assert not all_know((ONE, OTHER), "sealed:2")
    assert all_know((ONE, OTHER), "user")


def test_reports_do_not_advance_the_head(store: Store) -> None:
    before = store.revision()
    store.nodes.join(ONE)
    store.nodes.report(ONE)
    assert store.revision() == before


def test_a_node_joins_before_a_write_that_asks_what_all_know_or_after_it(store: Store, database: str) -> None:
    with closing(Store.open(database)) as other:
        thread = Thread(target=other.nodes.join, args=(OTHER,))
        with store.write() as unit:
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
            assert unit.ask(read_live) == ()
        thread.join(PATIENCE_SECONDS)
    assert store.nodes.live() == (OTHER,)


@pytest.mark.parametrize(("silent", "kept"), [(86_400 - 60, 1), (86_400 + 60, 0)])
def test_nodes_that_are_gone_for_a_day_are_forgotten(store: Store, database: str, silent: int, kept: int) -> None:
    store.nodes.join(OTHER)
    _let_time_pass(database, silent)
    store.nodes.report(ONE)
    lease = store.leases.take("test", "test")
    assert lease is not None
    with store.fenced(lease) as (connection, _):
        assert len(connection.exec_driver_sql("SELECT id FROM nodes WHERE id = '2'").all()) == kept
