"""Reports and the last uses of actions, on every store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from carnet.jobs import pruning
from carnet.jobs.pruning import prune_logs
from carnet.store import last_used
from carnet.store.last_used import Attempt, RoleUse
from carnet.store.reports import Report, ReportKind
from carnet.store.store import Store
from tests.stores.entities import NOW, a_user, an_account

HOUR = timedelta(hours=1)
DAYS = timedelta(days=90)


def report(name: str = "r", *, at: timedelta = timedelta(), account: str = "1") -> Report:
    return Report(id=name, account=account, kind=ReportKind.LAST_ACCESSED, owner="o", requested=NOW + at)


def test_a_report_is_told_of_while_it_is_made_and_kept_as_it_was_made(store: Store) -> None:
    reports = store.reports
    assert reports.find("r") is None
    assert reports.begin(report(), older_than=NOW)
    assert reports.find("r") == report()
    reports.complete(report(), b"content", completed=NOW + HOUR)
    done = reports.find("r")
    assert done is not None
    assert (done.content, done.completed, done.requested) == (b"content", NOW + HOUR, NOW)


def test_one_is_begun_at_a_time_and_in_place_of_an_old_one(store: Store) -> None:
    reports = store.reports
    assert reports.begin(report(), older_than=NOW)
    assert not reports.begin(report(at=timedelta(minutes=5)), older_than=NOW)
    late = report(at=timedelta(minutes=5, seconds=1))
    assert reports.begin(late, older_than=NOW), "it was given up"
    reports.complete(report(), b"of him who gave up", completed=NOW)
    assert reports.find("r") == late
    reports.complete(late, b"x", completed=late.requested)
    assert not reports.begin(report(at=HOUR), older_than=late.requested)
    assert reports.begin(report(at=HOUR), older_than=late.requested + timedelta(microseconds=1))


def test_what_is_abandoned_is_gone_and_only_that(store: Store) -> None:
    store.reports.begin(report(), older_than=NOW)
    store.reports.abandon(report(at=HOUR))
    assert store.reports.find("r") is not None
    store.reports.abandon(report())
    assert store.reports.find("r") is None


def test_the_newest_are_kept_of_one_account_and_kind(store: Store) -> None:
    for number in range(4):
        store.reports.begin(report(f"r{number}", at=number * HOUR), older_than=NOW)
    store.reports.begin(report("other", account="2"), older_than=NOW)
    store.reports.keep_newest("1", ReportKind.LAST_ACCESSED, 2)
    store.reports.keep_newest("1", ReportKind.CREDENTIALS, 0)
    there = [name for name in ("r0", "r1", "r2", "r3", "other") if store.reports.find(name) is not None]
    assert there == ["r2", "r3", "other"]


def uses(*actions: str, at: timedelta = timedelta(), who: str = "AIDA1") -> Mapping[Attempt, RoleUse]:
    return {Attempt(who, action): RoleUse(NOW + at, "us-east-1") for action in actions}


def test_the_newest_use_of_an_action_is_kept(store: Store) -> None:
    store.last_uses.save_actions({**uses("iam:A", at=HOUR), **uses("iam:B")})
    store.last_uses.save_actions({**uses("iam:A"), **uses("iam:B", at=HOUR), **uses("iam:C", who="AIDA2")})
    assert store.last_uses.actions_of(["AIDA1"], NOW) == {**uses("iam:A", at=HOUR), **uses("iam:B", at=HOUR)}
    assert store.last_uses.actions_of(["AIDA1", "AIDA2"], NOW + HOUR) == uses("iam:A", "iam:B", at=HOUR)
    assert store.last_uses.actions_of([], NOW) == {}


def test_of_one_principal_the_newest_actions_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_used, "MOST_ACTIONS", 2)
    for number in range(3):
        store.last_uses.save_actions(
            {**uses(f"iam:A{number}", at=number * HOUR), **uses(f"iam:A{number % 2}", who="AIDA2")}
        )
    assert store.last_uses.actions_of(["AIDA1"], NOW) == {**uses("iam:A1", at=HOUR), **uses("iam:A2", at=2 * HOUR)}
    assert len(store.last_uses.actions_of(["AIDA2"], NOW)) == 2


def test_a_report_reads_so_many_uses_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_used, "MOST_READ", 2)
    monkeypatch.setattr(last_used, "_PRINCIPALS_PER_QUERY", 1)
    store.last_uses.save_actions({**uses("iam:A"), **uses("iam:B", at=HOUR), **uses("iam:C", who="AIDA2")})
    assert store.last_uses.actions_of(["AIDA1", "AIDA2"], NOW) == {**uses("iam:A"), **uses("iam:B", at=HOUR)}
    monkeypatch.setattr(last_used, "MOST_READ", 1)
    assert store.last_uses.actions_of(["AIDA1", "AIDA2"], NOW) == uses("iam:B", at=HOUR)


def test_saving_advances_no_head(store: Store) -> None:
    before = store.revision()
    store.last_uses.save_actions(uses("iam:A"))
    store.reports.begin(report(), older_than=NOW)
    assert store.revision() == before


def test_what_is_old_is_pruned(store: Store) -> None:
    now = store.clock()
    an_account(store)
    old, new = a_user(1), a_user(2)
    with store.write() as unit:
        unit.add_all((old, new))
    ages = {old.id: timedelta(days=400, hours=1), new.id: timedelta(days=399)}
    store.last_uses.save_actions({Attempt(name, "iam:A"): RoleUse(now - age, "") for name, age in ages.items()})
    for name, age in (("old", timedelta(days=1, hours=1)), ("new", timedelta(hours=23))):
        store.reports.begin(report(name, at=now - age - NOW), older_than=NOW)
    lease = store.leases.take("pruning", "me")
    assert lease is not None
    for _ in prune_logs(store, lease, change_log=DAYS, audit=DAYS):
        pass
    assert store.last_uses.actions_of(ages, now - 2 * pruning.ACTIONS_REACH).keys() == {Attempt(new.id, "iam:A")}
    assert [store.reports.find(name) is None for name in ("old", "new")] == [True, False]
