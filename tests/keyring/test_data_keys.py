"""Data keys by purpose and state, under a master key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carnet.keyring.data_keys import KeyState, Purpose, new_data_key, new_data_keys
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
        Keyring.unwrap(MASTER, (replace(first, state=KeyState.RETIRED), *others))
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
        MASTER, (replace(old, state=KeyState.RETIRED), replace(new, state=KeyState.PRIMARY), *others)
    )
    before, after = KEYRING.seal(b"secret", context=PLACE), rotated.seal(b"secret", context=PLACE)
    assert staged.open(after, context=PLACE) == rotated.open(before, context=PLACE) == b"secret"
    with pytest.raises(Unsealable):
        KEYRING.open(after, context=PLACE)


def test_data_keys_do_not_show_themselves() -> None:
    secret = KEYRING.ring(SECRETS).primary.secret
    for shown in (repr(KEYRING.ring(SECRETS).primary), repr(KEYRING), repr(WRAPPED)):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
    assert "wrapped" not in repr(WRAPPED)


def test_no_two_stores_have_the_same_keys() -> None:
    others = new_data_keys(MASTER, now=NOW)
    assert {key.kid for key in others}.isdisjoint(key.kid for key in WRAPPED)
