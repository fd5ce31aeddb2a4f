"""The logs are pruned by age, and nobody misses what is gone."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from carnet.directory.directory import Directory
from carnet.entities.user import User
from carnet.jobs.pruning import prune_logs
from carnet.store import retention
from carnet.store.nodes import Node
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, a_user, an_account

DAYS = timedelta(days=90)


def _write(store: Store, *numbers: int) -> None:
    for number in numbers:
        with store.write() as unit:
            unit.add(a_user(number))
            unit.audit({"number": number})


def _let_time_pass(database: str, age: timedelta) -> None:
    raw.execute(database, "UPDATE log_marks SET at = at - :micros", {"micros": age // timedelta(microseconds=1)})


def _prune(store: Store, *, change_log: timedelta = DAYS, audit: timedelta = DAYS) -> None:
    lease = store.leases.take("pruning", "me")
    assert lease is not None
    for _ in prune_logs(store, lease, change_log=change_log, audit=audit):
        pass
    store.leases.release(lease)


def _kept(store: Store, table: str) -> list[int]:
    lease = store.leases.take("look", "me")
    assert lease is not None
    with store.fenced(lease) as (connection, _):
        rows = connection.exec_driver_sql(f"SELECT DISTINCT seq FROM {table} ORDER BY seq").all()
    store.leases.release(lease)
    return [row[0] for row in rows]


def _node(store: Store, node_id: str, seq: int) -> None:
    store.nodes.report(Node(id=node_id, release="0.1.0", features=frozenset(), seq=seq))


def test_rows_go_when_they_are_old_enough(store: Store, database: str) -> None:
    an_account(store)
    _write(store, 1, 2)
    _prune(store)
    assert _kept(store, "changes") == [1, 2, 3], "whose age is not known yet"
    _let_time_pass(database, DAYS - timedelta(hours=1))
    _write(store, 3, 4)
    _prune(store)
    assert _kept(store, "changes") == [1, 2, 3, 4, 5]
    _let_time_pass(database, timedelta(hours=1))
    _prune(store)
    assert _kept(store, "changes") == [4, 5]
    assert _kept(store, "audit_events") == [4, 5]


def test_the_logs_have_each_their_own_age(store: Store, database: str) -> None:
    an_account(store)
    _write(store, 1, 2)
    _prune(store)
    _let_time_pass(database, timedelta(days=10))
    _prune(store, change_log=timedelta(days=7), audit=timedelta(days=365))
    assert _kept(store, "changes") == [3]
    assert _kept(store, "audit_events") == [2, 3]
    _let_time_pass(database, timedelta(days=355))
    _prune(store, change_log=timedelta(days=7), audit=timedelta(days=365))
    assert _kept(store, "audit_events") == []


def test_the_newest_row_stays_and_writing_goes_on(store: Store, database: str) -> None:
    an_account(store)
    _write(store, 1)
    directory = Directory(store)
    _prune(store)
    _let_time_pass(database, 2 * DAYS)
    _prune(store)
    assert _kept(store, "changes") == [2]
    _write(store, 2)
    assert store.changes_since(directory.snapshot.revision).base == directory.snapshot.revision


def test_what_a_live_node_has_not_read_stays(store: Store, database: str) -> None:
    an_account(store)
    behind = Directory(store)
    _write(store, 1, 2, 3)
    _node(store, "behind", behind.snapshot.seq)
    _node(store, "there", 4)
    _prune(store)
    _let_time_pass(database, 2 * DAYS)
    _prune(store)
    assert _kept(store, "changes") == [2, 3, 4]
    assert store.changes_since(behind.snapshot.revision).base == behind.snapshot.revision
    store.nodes.leave("behind")
    _prune(store)
    assert _kept(store, "changes") == [4]


def test_a_follower_that_comes_back_older_than_the_log_reads_everything(store: Store, database: str) -> None:
    an_account(store)
    with closing(Store.open(database)) as other:
        away = Directory(other)
        _write(store, 1, 2)
        with store.write() as unit:
            unit.remove(a_user(1))
        _prune(store)
        _let_time_pass(database, 2 * DAYS)
        _prune(store)
        assert other.changes_since(away.snapshot.revision).base is None
        away.catch_up()
        assert away.snapshot.revision == store.revision()
        assert len(away.snapshot.accounts[ACCOUNT_ID].of(User)) == 1


def test_many_rows_go_in_batches_and_that_is_told(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    an_account(store)
    _write(store, *range(1, 8))
    _prune(store)
    _let_time_pass(database, 2 * DAYS)
    lease = store.leases.take("pruning", "me")
    assert lease is not None
    monkeypatch.setattr(retention, "_SEQS_PER_BATCH", 2)
    caplog.set_level("INFO", "carnet.jobs")
    left = [len(_kept(store, "changes")) for _ in prune_logs(store, lease, change_log=DAYS, audit=DAYS)]
    assert left[:5] == [8, 6, 4, 2, 1]
    assert [record.getMessage() for record in caplog.records] == [
        "changes: all up to revision 7 was too old, and is removed",
        "audit_events: all up to revision 8 was too old, and is removed",
    ]


def test_a_clock_that_was_set_back_makes_nothing_look_older(store: Store, database: str) -> None:
    an_account(store)
    _prune(store)
    raw.execute(database, "UPDATE log_marks SET at = at + 3600000000")  # as if the clock went back by an hour
    _write(store, 1)
    _prune(store)
    lease = store.leases.take("look", "me")
    assert lease is not None
    with store.fenced(lease) as (connection, _):
        first, second = connection.exec_driver_sql("SELECT at FROM log_marks ORDER BY seq").scalars().all()
    assert second >= first


def test_marks_of_what_is_gone_are_forgotten(store: Store, database: str) -> None:
    an_account(store)
    for number in range(1, 5):
        _write(store, number)
        _prune(store)
    _let_time_pass(database, 2 * DAYS)
    _prune(store)
    assert _kept(store, "log_marks") == [5]
