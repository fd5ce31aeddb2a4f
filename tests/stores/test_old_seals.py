"""Which access keys are sealed in an older format, on every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carnet.store.old_seals import access_keys_sealed_before
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import KEY, an_account

SEALED = {"AKIA1": b"\x01\xff", "AKIA2": b"\x02", "AKIA3": b"\x00", "AKIA4": b"", "AKIA5": b"\x01", "AKIA6": b"\xff"}


@pytest.fixture
def keys(store: Store) -> Store:
    an_account(store)
    with store.write() as unit:
        for key_id, sealed in SEALED.items():
            unit.add(replace(KEY, id=key_id, sealed_secret=sealed))
    return store


def _found(store: Store, after: str = "", limit: int | None = None) -> list[str]:
    with store.write() as unit:
        return unit.ask(
            lambda connection, _: [
                key_id
                for key_id, key in access_keys_sealed_before(connection, sealed_format=2, after=after, limit=limit)
                if key is not None
            ]
        )


def test_those_of_older_formats_are_found_in_order(keys: Store) -> None:
    assert _found(keys) == ["AKIA1", "AKIA3", "AKIA4", "AKIA5"]
    assert _found(keys, after="AKIA1", limit=2) == ["AKIA3", "AKIA4"]
    assert _found(keys, after="AKIA5") == []


def test_a_row_that_cannot_be_read_is_passed_over(keys: Store, database: str) -> None:
    raw.execute(database, "UPDATE access_keys SET created = 9223372036854775807 WHERE id = 'AKIA3'")
    assert _found(keys) == ["AKIA1", "AKIA4", "AKIA5"]
