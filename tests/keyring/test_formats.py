"""Formats of sealed values: the second is bound to the owner; a floor, once raised, cannot be lowered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carnet.keyring.data_keys import NEWEST_FORMAT, Purpose, new_data_keys, with_floor
from carnet.keyring.errors import KeyringError, Unsealable, WrongMasterKey
from carnet.keyring.keyring import Keyring, SealContext, format_of
from carnet.keyring.master_key import MasterKey
from tests.keyring.keys import MASTER, NOW

PLACE = SealContext("access_keys", "secret", "029608264753", "AKIAQNZGKIQY56JQ7WML", "AIDAQNZGKIQYZQMLZN4OY")
OF_ROOT = replace(PLACE, owner="029608264753")
OLD = new_data_keys(MASTER, now=NOW, floor=1)
SECRETS, *OTHERS = OLD
RAISED = with_floor(MASTER, SECRETS, 2)


def _keyring(*keys: object, agreed: int = 1) -> Keyring:
    keyring = Keyring.unwrap(MASTER, (*keys, *OTHERS))  # type: ignore[arg-type]  # wrapped keys
    keyring.agreed_format = agreed
    return keyring


def test_the_first_format_is_of_use_to_any_owner_and_the_second_is_not() -> None:
    first, second = (_keyring(SECRETS, agreed=each).seal(b"secret", context=PLACE) for each in (1, 2))
    assert (format_of(first), format_of(second)) == (1, 2)
    keyring = _keyring(SECRETS)
    assert keyring.open(first, context=OF_ROOT) == b"secret"
    assert keyring.open(second, context=PLACE) == b"secret"
    with pytest.raises(Unsealable):
        keyring.open(second, context=OF_ROOT)


def test_a_first_format_does_not_open_as_a_second_one_nor_the_other_way() -> None:
    for agreed in (1, 2):
        sealed = _keyring(SECRETS, agreed=agreed).seal(b"secret", context=PLACE)
        with pytest.raises(Unsealable):
            _keyring(SECRETS).open(bytes([3 - agreed]) + sealed[1:], context=PLACE)


def test_both_open_until_the_floor_is_raised() -> None:
    first, second = (_keyring(SECRETS, agreed=each).seal(b"secret", context=PLACE) for each in (1, 2))
    raised = _keyring(RAISED)
    assert raised.open(second, context=PLACE) == b"secret"
    with pytest.raises(Unsealable, match="a format that is not taken here"):
        raised.open(first, context=PLACE)
    assert format_of(raised.seal(b"secret", context=PLACE)) == 2


def test_new_keys_take_the_newest_format_only() -> None:
    keyring = Keyring.unwrap(MASTER, new_data_keys(MASTER, now=NOW))
    assert keyring.ring(Purpose.ACCESS_KEY_SECRETS).floor == NEWEST_FORMAT
    assert format_of(keyring.seal(b"secret", context=PLACE)) == NEWEST_FORMAT


@pytest.mark.parametrize("floor", [0, 1])
def test_a_floor_in_the_database_cannot_be_lowered(floor: int) -> None:
    with pytest.raises(WrongMasterKey):
        _keyring(replace(RAISED, floor=floor))


def test_a_floor_cannot_be_raised_without_the_master_key() -> None:
    with pytest.raises(WrongMasterKey):
        _keyring(replace(SECRETS, floor=2))
    with pytest.raises(WrongMasterKey):
        with_floor(MasterKey(b"k" * 32), SECRETS, 2)


def test_a_running_process_does_not_go_back_below_a_floor_it_has_seen() -> None:
    keyring = _keyring(SECRETS)
    first = keyring.seal(b"secret", context=PLACE)
    keyring.adopt(_keyring(RAISED))
    with pytest.raises(KeyringError, match="would open older formats than before"):
        keyring.adopt(_keyring(SECRETS))
    with pytest.raises(Unsealable):
        keyring.open(first, context=PLACE)


def test_a_key_for_a_format_of_a_newer_release_is_told() -> None:
    newer = with_floor(MASTER, SECRETS, NEWEST_FORMAT + 1)
    told = f"Data key {newer.kid} (access-key-secrets) is for secrets that only a newer Carnet can open."
    with pytest.raises(KeyringError) as raised:
        _keyring(newer)
    assert (type(raised.value), str(raised.value)) == (KeyringError, told)
