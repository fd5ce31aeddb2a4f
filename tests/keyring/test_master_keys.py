"""Several master keys while one follows another."""

from __future__ import annotations

import pytest

from carnet.keyring.data_keys import rewrapped
from carnet.keyring.errors import BadMasterKey, WrongMasterKey
from carnet.keyring.master_key import MasterKey
from carnet.keyring.master_keys import MasterKeys
from tests.keyring.keys import MASTER, WRAPPED

NEXT = MasterKey(b"n" * 32)
UNDER_NEXT = tuple(rewrapped(MASTER, NEXT, key) for key in WRAPPED)


def test_whichever_opens_the_data_keys_is_used() -> None:
    masters = MasterKeys.of(MASTER, NEXT)
    assert masters.opening(WRAPPED)[0] is MASTER
    assert masters.opening(UNDER_NEXT)[0] is NEXT
    assert masters.ids == {MASTER.id, NEXT.id}


def test_data_keys_of_two_master_keys_are_opened_by_none() -> None:
    with pytest.raises(WrongMasterKey):
        MasterKeys.of(MASTER, NEXT).opening((*UNDER_NEXT[:1], *WRAPPED[1:]))


def test_a_new_file_is_learned_of_and_one_that_is_gone_or_bad_changes_nothing() -> None:
    present: list[MasterKey] = [MASTER]

    def load() -> tuple[MasterKey, ...]:
        if not present:
            raise BadMasterKey("It is not there.")
        return tuple(present)

    masters = MasterKeys(load)
    with pytest.raises(WrongMasterKey):
        masters.opening(UNDER_NEXT)
    present.append(NEXT)
    masters.refresh()
    assert masters.opening(UNDER_NEXT)[0] is NEXT
    present.clear()
    masters.refresh()
    assert masters.ids == {MASTER.id, NEXT.id}


def test_its_id_tells_nothing_of_it() -> None:
    assert MasterKey(b"n" * 32).id == NEXT.id != MASTER.id
    assert len(NEXT.id) == 12
