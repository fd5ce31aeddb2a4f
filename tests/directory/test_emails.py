"""Accounts are found by the email address of their root user: an index says what a look at every account would say."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.store.changes import Change, Changes, Revision
from tests.counting import counted
from tests.directory.snapshots import row, snapshot_of
from tests.stores.entities import NOW

_EMAILS = ("a@example.com", "A@Example.com", "b@example.com", "c@example.com")
_MANY = 2_000


def account(number: int, email: str = "") -> Account:
    return Account(id=f"{number:012}", name="n", email=email or f"{number}@example.com", created=NOW)


def after(snapshot: Snapshot, *rows: Change) -> Snapshot:
    revision = Revision(snapshot.seq + 1, "epoch", b"")
    return snapshot.with_changes(Changes(base=snapshot.revision, revision=revision, changes=rows))


def found(snapshot: Snapshot, email: str) -> list[str]:
    return [view.account.id for view in snapshot.with_email(email)]


@pytest.mark.parametrize("seed", range(20))
def test_accounts_are_found_whatever_has_changed(seed: int) -> None:
    """They come, go, and take each other's addresses, whether or not somebody has asked before."""
    random = Random(seed)
    kept: dict[str, Account] = {}
    snapshot = snapshot_of()
    for _ in range(30):
        made = account(random.randrange(6), random.choice(_EMAILS))
        if made.id in kept and random.random() < 0.4:
            snapshot = after(snapshot, replace(row(kept.pop(made.id)), entity=None))
        else:
            kept[made.id] = made
            snapshot = after(snapshot, row(made))
        if random.random() < 0.6:
            for email in (*_EMAILS, "none@example.com"):
                those = sorted(each.id for each in kept.values() if each.email.lower() == email.lower())
                assert found(snapshot, email) == those


def test_who_has_asked_once_looks_at_no_other_accounts() -> None:
    costs = []
    for count in (2, _MANY):
        snapshot = snapshot_of(*map(account, range(count)))
        assert found(snapshot, "1@example.com") == [account(1).id]
        with counted() as calls:
            snapshot = after(snapshot, row(account(1, "other@example.com")))
            assert found(snapshot, "OTHER@example.com") == [account(1).id]
            assert found(snapshot, "1@example.com") == []
            costs.append(calls())
    assert costs[1] < costs[0] + _MANY / 10
