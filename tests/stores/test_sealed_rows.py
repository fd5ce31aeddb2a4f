"""Which rows are sealed otherwise than new ones, on every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carnet.store.rows.access_keys import ACCESS_KEYS
from carnet.store.sealed_rows import rows_sealed_otherwise
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import KEY, an_account

HEAD = b"\x02kid1"
SEALED = {
    "AKIA1": b"\x01kid1",
    "AKIA2": HEAD,
    "AKIA3": b"\x02kid2...",
    "AKIA4": b"",
    "AKIA5": b"\x00",
    "AKIA6": HEAD + b"\xff\x00",
}


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
                for key_id, key in rows_sealed_otherwise(connection, ACCESS_KEYS, HEAD, after=after, limit=limit)
                if key is not None
            ]
        )


def test_those_of_other_formats_and_keys_are_found_in_order(keys: Store) -> None:
    assert _found(keys) == ["AKIA1", "AKIA3", "AKIA5"]
    assert _found(keys, after="AKIA1", limit=1) == ["AKIA3"]
    assert _found(keys, after="AKIA5") == []


def test_a_row_that_cannot_be_read_is_passed_over(keys: Store, database: str) -> None:
    raw.execute(database, "UPDATE access_keys SET created = 9223372036854775807 WHERE id = 'AKIA3'")
    assert _found(keys) == ["AKIA1", "AKIA5"]
