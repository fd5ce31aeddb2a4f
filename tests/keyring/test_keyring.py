"""A sealed secret opens where it was sealed, whole, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.keyring.data_keys import Purpose, new_data_keys
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext
from tests.keyring.keys import KEYRING, MASTER, NOW

PLACE = SealContext("access_keys", "secret", "029608264753", "AKIAQNZGKIQY56JQ7WML", "AIDAQNZGKIQYZQMLZN4OY")
PLAIN = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SEALED = KEYRING.seal(PLAIN, context=PLACE)

contexts = st.builds(SealContext, *[st.text("ab.|", max_size=3)] * 5)


@given(st.binary(max_size=200), contexts)
def test_opens_what_it_sealed(plain: bytes, context: SealContext) -> None:
    assert KEYRING.open(KEYRING.seal(plain, context=context), context=context) == plain


@given(contexts, contexts)
def test_opens_in_no_other_place(here: SealContext, there: SealContext) -> None:
    sealed = KEYRING.seal(PLAIN, context=here)
    if here == there:
        assert KEYRING.open(sealed, context=there) == PLAIN
    else:
        with pytest.raises(Unsealable):
            KEYRING.open(sealed, context=there)


@pytest.mark.parametrize("part", ["table", "column", "account", "key", "owner"])
def test_row_and_column_swaps_are_found(part: str) -> None:
    with pytest.raises(Unsealable):
        KEYRING.open(SEALED, context=replace(PLACE, **{part: "other"}))  # type: ignore[arg-type]  # all five are text


def test_parts_of_the_place_do_not_run_into_each_other() -> None:
    sealed = KEYRING.seal(PLAIN, context=SealContext("ab", "c", "d", "e", "f"))
    with pytest.raises(Unsealable):
        KEYRING.open(sealed, context=SealContext("a", "bc", "d", "e", "f"))


def test_purposes_do_not_open_each_others_secrets() -> None:
    with pytest.raises(Unsealable, match="with a key or in a format that is not taken here"):
        KEYRING.open(SEALED, context=replace(PLACE, purpose=Purpose.SESSION_TOKENS))


@pytest.mark.parametrize("at", range(len(SEALED)))
def test_any_changed_byte_is_found(at: int) -> None:
    for bit in (1, 0x80):
        changed = bytearray(SEALED)
        changed[at] ^= bit
        with pytest.raises(Unsealable):
            KEYRING.open(bytes(changed), context=PLACE)


def test_truncated_and_extended_are_found() -> None:
    for changed in (*(SEALED[:end] for end in range(len(SEALED))), SEALED + b"\0", b"\0" + SEALED):
        with pytest.raises(Unsealable):
            KEYRING.open(changed, context=PLACE)


@given(st.binary(max_size=80))
def test_noise_is_unsealable(noise: bytes) -> None:
    with pytest.raises(Unsealable):
        KEYRING.open(noise, context=PLACE)


def test_one_secret_never_looks_the_same_twice() -> None:
    assert len({KEYRING.seal(PLAIN, context=PLACE) for _ in range(50)}) == 50
    assert PLAIN not in SEALED


def test_faults_name_the_place_and_not_the_secret() -> None:
    for keyring in (KEYRING, Keyring.unwrap(MASTER, new_data_keys(MASTER, now=NOW))):
        with pytest.raises(Unsealable) as caught:
            keyring.open(SEALED[:-1] + b"\0\0", context=PLACE)
        assert "access_keys.secret of AKIAQNZGKIQY56JQ7WML" in str(caught.value)
        assert PLAIN.decode() not in repr(caught.value)
