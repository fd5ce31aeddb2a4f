"""Accounts that were closed are removed once nobody can have them opened again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from carnet.entities.account import Account
from carnet.entities.bucket import Bucket, BucketState, ObjectOwnership
from carnet.entities.membership import KEPT_CLOSED, Membership
from carnet.services.closed_accounts import remove_closed_accounts, reopen_account
from carnet.store.leases import LeaseLost
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import NOW, an_account

CLOSED, OTHER = "222233334444", "444455556666"
HOUR = timedelta(hours=1)


def member(store: Store, account: str, closed: datetime | None) -> None:
    an_account(store, account)
    with store.write() as unit:
        unit.add(Membership(account=account, organization="o-exampleorg", closed=closed))


def removing(store: Store) -> None:
    lease = store.leases.take("closed-accounts", "me")
    assert lease is not None
    list(remove_closed_accounts(store, lease, clock=lambda: NOW))
    store.leases.release(lease)


def left(store: Store) -> set[str]:
    return {account.id for account in store.all_of(Account)}


@pytest.mark.parametrize(("age", "kept"), [(KEPT_CLOSED - HOUR, True), (KEPT_CLOSED + HOUR, False)])
def test_an_account_is_kept_for_ninety_days_after_its_closure(store: Store, age: timedelta, kept: bool) -> None:
    assert timedelta(days=90) == KEPT_CLOSED
    member(store, CLOSED, store.clock() - age)
    member(store, OTHER, None)
    removing(store)
    assert left(store) == ({CLOSED, OTHER} if kept else {OTHER})


def test_an_account_that_owns_buckets_is_kept_so_that_nobody_else_gets_the_objects(store: Store) -> None:
    long_ago = store.clock() - KEPT_CLOSED - HOUR
    member(store, CLOSED, long_ago)
    member(store, OTHER, long_ago)
    bucket = Bucket(
        name="left",
        account=CLOSED,
        region="us-east-1",
        created=NOW,
        state=BucketState.OWNED,
        upstream="store",
        ownership=ObjectOwnership.ENFORCED,
        block=None,
        acl=(),
    )
    with store.write() as unit:
        unit.add(bucket)
    removing(store)
    assert left(store) == {CLOSED}
    with store.write() as unit:
        unit.remove(bucket)
    removing(store)
    assert left(store) == set()


def test_one_that_was_opened_again_meanwhile_is_kept(store: Store) -> None:
    member(store, CLOSED, store.clock() - KEPT_CLOSED - HOUR)
    lease = store.leases.take("closed-accounts", "me")
    assert lease is not None
    steps = remove_closed_accounts(store, lease, clock=lambda: NOW)
    next(steps)
    with store.write() as unit:
        reopen_account(unit, CLOSED)
    list(steps)
    assert left(store) == {CLOSED}


def test_who_has_lost_the_lease_removes_nothing(store: Store) -> None:
    member(store, CLOSED, store.clock() - KEPT_CLOSED - HOUR)
    lease = store.leases.take("closed-accounts", "me")
    assert lease is not None
    steps = remove_closed_accounts(store, lease, clock=lambda: NOW)
    next(steps)
    store.leases.release(lease)
    assert store.leases.take("closed-accounts", "another") is not None
    with pytest.raises(LeaseLost):
        list(steps)
    assert left(store) == {CLOSED}


def test_one_with_what_only_a_newer_release_knows_is_kept_and_holds_up_no_other(
    store: Store, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    member(store, CLOSED, store.clock() - KEPT_CLOSED - 2 * HOUR)
    member(store, OTHER, store.clock() - KEPT_CLOSED - HOUR)
    raw.execute(database, "CREATE TABLE badges (id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id))")
    raw.execute(database, "INSERT INTO badges VALUES ('b', :account)", {"account": CLOSED})
    removing(store)
    assert left(store) == {CLOSED}
    assert f"the account {CLOSED}, which was closed, is kept" in caplog.text
