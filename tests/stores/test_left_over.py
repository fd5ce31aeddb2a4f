"""What traffic has written of keys, users, roles and accounts that are gone goes with the next pruning."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from carnet.jobs.pruning import prune_logs
from carnet.store import last_used, left_over
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.last_used import Attempt, KeyUse, PasswordUse, RoleUse, Uses
from carnet.store.schema import METADATA
from carnet.store.store import Store
from tests.stores.entities import ACCOUNT_ID, NOW, a_user, an_account

_OF_NOBODY = {
    "audit_events": "kept for an age",
    "changes": "kept for an age",
    "compatibility": "of the store",
    "head": "of the store",
    "kinds": "of the store",
    "leases": "of the store",
    "log_marks": "kept as long as the logs",
    "nodes": "of the store",
    "password_attempts": "kept for an age, of owners who may never have been",
    "reports": "kept for an age",
}
"""Tables whose rows do not outlive what they are of."""


def prune(store: Store) -> None:
    lease = store.leases.take("pruning", "me")
    assert lease is not None
    for _ in prune_logs(store, lease, change_log=timedelta(days=90), audit=timedelta(days=90)):
        pass
    store.leases.release(lease)


def test_every_table_is_of_something_that_takes_its_rows_along() -> None:
    """Rows of entities are removed with what they belong to; those of another table stand in `OWNERS`."""
    entities = {each.table.name for each in ENTITY_TYPES}
    owned = {column.table.name for column in left_over.OWNERS}
    assert entities | owned | _OF_NOBODY.keys() == METADATA.tables.keys()
    assert not (entities & owned)
    assert not (entities & _OF_NOBODY.keys())
    assert not (owned & _OF_NOBODY.keys())


@pytest.mark.parametrize("rows", [10_000, 1, 2])
def test_rows_of_what_is_gone_go(store: Store, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(last_used, "_ROWS_PER_PART", rows)
    an_account(store)
    user = a_user(1)
    with store.write() as unit:
        unit.add(user)
    now = store.clock()
    gone = [f"AIDA{number}" for number in range(3)]
    owners = [user.id, ACCOUNT_ID, *gone]
    store.last_uses.save(
        Uses(keys={f"AKIA{number}": KeyUse(NOW, "iam", "") for number in range(3)}, roles={"AROA1": RoleUse(NOW, "")})
    )
    store.last_uses.save_actions(
        {Attempt(owner, action): RoleUse(now, "") for owner in owners for action in ("iam:A", "iam:B")}
    )
    store.last_uses.save(Uses(passwords={owner: PasswordUse(NOW) for owner in owners}))
    prune(store)
    ever = NOW - timedelta(days=10_000)
    left = store.last_uses.load(ever)
    assert (left.keys, left.roles) == ({}, {})
    kept = {user.id, ACCOUNT_ID}
    assert left.passwords.keys() == kept
    assert {attempt.principal_id for attempt in store.last_uses.actions_of(owners, ever)} == kept
    assert len(store.last_uses.actions_of(owners, ever)) == 4


@pytest.mark.parametrize("rows", [10_000, 1])
def test_old_uses_of_actions_go(store: Store, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(last_used, "_ROWS_PER_PART", rows)
    an_account(store)
    users = [a_user(number) for number in range(4)]
    with store.write() as unit:
        for user in users:
            unit.add(user)
    now, ids = store.clock(), [user.id for user in users]
    old = {Attempt(owner, "iam:Old"): RoleUse(now - timedelta(days=401), "") for owner in ids}
    new = {Attempt(owner, "iam:New"): RoleUse(now - timedelta(days=399), "") for owner in ids}
    store.last_uses.save_actions(old | new)
    prune(store)
    assert store.last_uses.actions_of(ids, now - timedelta(days=10_000)).keys() == new.keys()


@pytest.mark.parametrize(("of_each", "parts"), [(1, [11, 11, 1]), (4, [12, 12, 12, 12, 12, 12, 12, 8])])
def test_a_step_has_some_rows_and_all_of_an_owner(
    store: Store, monkeypatch: pytest.MonkeyPatch, of_each: int, parts: list[int]
) -> None:
    monkeypatch.setattr(last_used, "_ROWS_PER_PART", 10)
    uses = {Attempt(f"AIDA{a:02}", f"iam:{b}"): RoleUse(NOW, "") for a in range(23) for b in range(of_each)}
    store.last_uses.save_actions(uses)
    lease = store.leases.take("pruning", "me")
    assert lease is not None
    after: str | None = ""
    found = []
    with store.fenced(lease) as (connection, _):
        while after is not None:
            rows, after = last_used.next_owners(connection, last_used.ACTION_USES.c.principal_id, after)
            found.append(connection.scalar(select(func.count()).where(rows)))
    assert found == parts
