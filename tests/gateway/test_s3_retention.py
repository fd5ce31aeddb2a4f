"""Conditions on how long a request locks an object."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal
from tests.gateway.test_s3_keys import deny

K = {"Bucket": BUCKET, "Key": "k"}
LONGER = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
SHORTER = {"NumericLessThan": {"s3:object-lock-remaining-retention-days": "10"}}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    return shared


def put(store: Store, days: float) -> Any:
    until = datetime.now(UTC) + timedelta(days=days)
    store.client().put_object(**K, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)


def test_no_longer_than_a_policy_allows(store: Store) -> None:
    for action in ("s3:PutObject", "s3:PutObjectRetention"):
        store.allow(EVERYTHING, deny(action, Condition=LONGER))
        put(store, 9.5)
        put(store, 10)
        assert refusal(lambda: put(store, 10.5))["Code"] == "AccessDenied"


def test_no_shorter_than_a_policy_asks_for(store: Store) -> None:
    store.allow(EVERYTHING, deny("s3:PutObjectRetention", Condition=SHORTER))
    put(store, 10)
    assert refusal(lambda: put(store, 8.5))["Code"] == "AccessDenied"


def test_what_says_no_date_has_no_such_key(store: Store) -> None:
    absent = {"Null": {"s3:object-lock-remaining-retention-days": "true"}}
    store.allow(EVERYTHING, deny("s3:PutObject", Condition=LONGER))
    store.client().put_object(**K)
    store.allow(EVERYTHING, deny("s3:PutObject", Condition=absent))
    assert refusal(store.client().put_object, **K)["Code"] == "AccessDenied"
    put(store, 1)
