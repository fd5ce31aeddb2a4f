"""Last-used times, on every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from carnet.store.last_used import KeyUse, RoleUse, Uses
from carnet.store.store import Store
from tests.stores.entities import NOW

EVER = datetime(1970, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(microseconds=1)


def test_the_newest_use_is_kept_whatever_the_order_of_writing(store: Store) -> None:
    newer, older = KeyUse(LATER, "sts", "eu-west-1"), KeyUse(NOW, "iam", "us-east-1")
    store.last_uses.save(Uses(keys={"AKIA1": newer, "AKIA2": older}, roles={"AROA1": RoleUse(LATER, "eu-west-1")}))
    store.last_uses.save(Uses(keys={"AKIA1": older, "AKIA2": newer}, roles={"AROA1": RoleUse(NOW, "us-east-1")}))
    assert store.last_uses.load(EVER) == Uses(
        keys={"AKIA1": newer, "AKIA2": newer}, roles={"AROA1": RoleUse(LATER, "eu-west-1")}
    )


def test_only_uses_since_a_moment_are_read(store: Store) -> None:
    store.last_uses.save(Uses(keys={"AKIA1": KeyUse(NOW, "iam", ""), "AKIA2": KeyUse(LATER, "iam", "")}))
    assert store.last_uses.load(LATER) == Uses(keys={"AKIA2": KeyUse(LATER, "iam", "")})


def test_saving_uses_does_not_advance_the_head(store: Store) -> None:
    before = store.revision()
    store.last_uses.save(Uses(keys={"AKIA1": KeyUse(NOW, "iam", "us-east-1")}))
    store.last_uses.save(Uses())
    assert store.revision() == before
