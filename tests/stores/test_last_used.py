"""Last-used times, on every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import structs
from sqlalchemy import inspect

from carnet.store.last_used import (
    KEY_USES,
    PASSWORD_USES,
    ROLE_USES,
    SESSION_USES,
    KeyUse,
    PasswordUse,
    RoleUse,
    SessionUse,
    Uses,
)
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


def test_only_uses_written_since_a_moment_are_read(store: Store) -> None:
    """Whenever they were, and by the clock of the database: of a process that was kept waiting, too."""
    older, newer = KeyUse(NOW, "iam", ""), KeyUse(LATER, "iam", "")
    store.last_uses.save(Uses(keys={"AKIA1": newer, "AKIA2": older, "AKIA3": newer}, passwords={"1": PasswordUse(NOW)}))
    moment = _later_than_now(store)
    assert store.last_uses.load(moment) == Uses()
    late = Uses(
        keys={"AKIA2": newer, "AKIA3": older},
        roles={"AROA1": RoleUse(NOW, "")},
        passwords={"1": PasswordUse(LATER)},
        sessions={"s": SessionUse(NOW)},
    )
    store.last_uses.save(late)
    assert store.last_uses.load(moment) == structs.replace(late, keys={"AKIA2": newer})


def _later_than_now(store: Store) -> datetime:
    """What is written from now on is written later than that."""
    before = store.clock()
    while (now := store.clock()) <= before:
        pass
    return now


def test_the_uses_are_found_by_when_they_were_written(store: Store) -> None:
    """Else each process would read all of them every five seconds."""
    inspector = inspect(store._backend.reader)
    indexes = {
        table.name: inspector.get_indexes(table.name) for table in (KEY_USES, ROLE_USES, PASSWORD_USES, SESSION_USES)
    }
    assert {name: [each["column_names"] for each in found] for name, found in indexes.items()} == {
        name: [["written"]] for name in indexes
    }


def test_saving_uses_does_not_advance_the_head(store: Store) -> None:
    before = store.revision()
    store.last_uses.save(Uses(keys={"AKIA1": KeyUse(NOW, "iam", "us-east-1")}))
    store.last_uses.save(Uses())
    assert store.revision() == before
