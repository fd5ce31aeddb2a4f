"""Data keys by purpose and state, under a master key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carnet.keyring.data_keys import (
    KeyState,
    Purpose,
    moved_to,
    new_data_key,
    new_data_keys,
    rewrapped,
    staged_after,
)
from carnet.keyring.errors import KeyringError, Unsealable, WrongMasterKey
from carnet.keyring.keyring import Keyring, SealContext
from carnet.keyring.master_key import MasterKey
from tests.keyring.keys import KEYRING, MASTER, NOW, WRAPPED

SECRETS = Purpose.ACCESS_KEY_SECRETS
PLACE = SealContext("access_keys", "secret", "029608264753", "AKIAQNZGKIQY56JQ7WML", "AIDAQNZGKIQYZQMLZN4OY")


def test_first_keys_are_one_primary_for_each_purpose() -> None:
    assert [(key.purpose, key.state) for key in WRAPPED] == [(purpose, KeyState.PRIMARY) for purpose in Purpose]
    assert all(len(bytes.fromhex(key.kid)) == 4 and key.created == NOW for key in WRAPPED)


def test_no_two_purposes_share_a_key() -> None:
    assert len({KEYRING.ring(purpose).primary.secret for purpose in Purpose}) == len(Purpose)


def test_wrong_master_key_is_told_at_once() -> None:
    with pytest.raises(WrongMasterKey, match="not the master key that this store was set up with"):
        Keyring.unwrap(MasterKey(b"k" * 32), WRAPPED)


@pytest.mark.parametrize("change", ["kid", "purpose", "wrapped"])
def test_altered_data_key_does_not_unwrap(change: str) -> None:
    first, second, *others = WRAPPED
    altered = {
        "kid": replace(first, kid="00000000"),
        "purpose": replace(first, purpose=second.purpose),
        "wrapped": replace(first, wrapped=second.wrapped),
    }[change]
    spare = new_data_key(MASTER, first.purpose, KeyState.STAGED, now=NOW)
    with pytest.raises(KeyringError):
        Keyring.unwrap(MASTER, (altered, spare, second, *others))


def test_each_purpose_needs_one_primary_key() -> None:
    first, *others = WRAPPED
    another = new_data_key(MASTER, SECRETS, KeyState.PRIMARY, now=NOW)
    with pytest.raises(KeyringError, match="there are 0"):
        Keyring.unwrap(MASTER, (moved_to(MASTER, first, KeyState.RETIRED, NOW), *others))
    with pytest.raises(KeyringError, match="there are 2"):
        Keyring.unwrap(MASTER, (*WRAPPED, another))


def test_two_keys_of_one_name() -> None:
    with pytest.raises(KeyringError, match="same kid"):
        Keyring.unwrap(MASTER, (*WRAPPED, replace(WRAPPED[0], state=KeyState.RETIRED)))


def test_rotation_opens_the_old_and_seals_with_the_new() -> None:
    old, *others = WRAPPED
    new = new_data_key(MASTER, SECRETS, KeyState.STAGED, now=NOW)
    staged = Keyring.unwrap(MASTER, (old, new, *others))
    rotated = Keyring.unwrap(
        MASTER,
        (moved_to(MASTER, old, KeyState.RETIRED, NOW), moved_to(MASTER, new, KeyState.PRIMARY, NOW), *others),
    )
    before, after = KEYRING.seal(b"secret", context=PLACE), rotated.seal(b"secret", context=PLACE)
    assert staged.open(after, context=PLACE) == rotated.open(before, context=PLACE) == b"secret"
    with pytest.raises(Unsealable):
        KEYRING.open(after, context=PLACE)


def test_when_a_key_was_retired_is_told_of_retired_keys_alone() -> None:
    old = WRAPPED[0]
    assert moved_to(MASTER, old, KeyState.PRIMARY, NOW).retired is None
    retired = moved_to(MASTER, old, KeyState.RETIRED, NOW)
    assert retired.retired == NOW
    assert moved_to(MASTER, retired, KeyState.KEPT, NOW + timedelta(days=1)).retired == NOW


def test_a_kept_key_opens_nothing() -> None:
    old, *others = WRAPPED
    new = moved_to(MASTER, staged_after(MASTER, [old], now=NOW), KeyState.PRIMARY, NOW)
    kept = moved_to(MASTER, moved_to(MASTER, old, KeyState.RETIRED, NOW), KeyState.KEPT, NOW)
    before = KEYRING.seal(b"secret", context=PLACE)
    with pytest.raises(Unsealable):
        Keyring.unwrap(MASTER, (kept, new, *others)).open(before, context=PLACE)


@pytest.mark.parametrize(
    "change",
    [
        {"state": KeyState.RETIRED},
        {"state": KeyState.PRIMARY},
        {"number": 7},
        {"created": NOW + timedelta(microseconds=1)},
        {"retired": NOW},
        {"floor": 1},
    ],
)
def test_nothing_of_a_later_key_can_be_altered_without_the_master_key(change: dict[str, Any]) -> None:
    old, *others = WRAPPED
    staged = staged_after(MASTER, [old], now=NOW)
    Keyring.unwrap(MASTER, (old, staged, *others))
    ring = (moved_to(MASTER, old, KeyState.RETIRED, NOW), *others) if change.get("state") == "primary" else WRAPPED
    with pytest.raises(WrongMasterKey):
        Keyring.unwrap(MASTER, (*ring, replace(staged, **change)))


def test_the_first_key_cannot_be_altered_either() -> None:
    old, *others = WRAPPED
    new = moved_to(MASTER, staged_after(MASTER, [old], now=NOW), KeyState.PRIMARY, NOW)
    for change in ({"state": KeyState.RETIRED}, {"state": KeyState.STAGED}, {"number": 2, "state": KeyState.RETIRED}):
        with pytest.raises(WrongMasterKey):
            Keyring.unwrap(MASTER, (replace(old, **change), new, *others))


def test_no_keyring_goes_back_to_an_older_primary_key() -> None:
    old, *others = WRAPPED
    new = moved_to(MASTER, staged_after(MASTER, [old], now=NOW), KeyState.PRIMARY, NOW)
    keyring = Keyring.unwrap(MASTER, (moved_to(MASTER, old, KeyState.RETIRED, NOW), new, *others))
    with pytest.raises(KeyringError, match="would be an older one"):
        keyring.adopt(Keyring.unwrap(MASTER, WRAPPED))


def test_rewrapped_keys_are_the_same_under_another_master_key_alone() -> None:
    other = MasterKey(b"n" * 32)
    moved = tuple(rewrapped(MASTER, other, key) for key in WRAPPED)
    sealed = KEYRING.seal(b"secret", context=PLACE)
    assert Keyring.unwrap(other, moved).open(sealed, context=PLACE) == b"secret"
    with pytest.raises(WrongMasterKey):
        Keyring.unwrap(MASTER, moved)


def test_data_keys_do_not_show_themselves() -> None:
    secret = KEYRING.ring(SECRETS).primary.secret
    for shown in (repr(KEYRING.ring(SECRETS).primary), repr(KEYRING), repr(WRAPPED)):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
    assert "wrapped" not in repr(WRAPPED)


def test_no_two_stores_have_the_same_keys() -> None:
    others = new_data_keys(MASTER, now=NOW)
    assert {key.kid for key in others}.isdisjoint(key.kid for key in WRAPPED)
