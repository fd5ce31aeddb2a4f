"""HMAC is HMAC, and HKDF is HKDF."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.keyed_hash import KeyedHash


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    ],
)
def test_vectors_of_rfc_4231(key: bytes, message: bytes, expected: str) -> None:
    assert KeyedHash(key).hexdigest(message) == expected


@given(st.binary(max_size=64), st.lists(st.binary(max_size=300), min_size=1, max_size=3))
def test_every_message_of_one_key_is_hashed_as_the_library_does(key: bytes, messages: list[bytes]) -> None:
    keyed = KeyedHash(key)
    assert [keyed.hexdigest(one) for one in messages] == [hmac.digest(key, one, "sha256").hex() for one in messages]
    assert [keyed.digest(one).hex() for one in messages] == [keyed.hexdigest(one) for one in messages]


def test_a_key_that_would_have_to_be_hashed_first_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        KeyedHash(b"k" * 65)


def test_the_first_vector_of_rfc_5869() -> None:
    root = hmac.digest(bytes(range(13)), b"\x0b" * 22, "sha256")
    assert root.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    assert KeyedHash(root).expanded(bytes(range(0xF0, 0xFA)), 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


@given(
    st.binary(min_size=1, max_size=100),
    st.binary(min_size=1, max_size=100),
    st.binary(max_size=100),
    st.integers(1, 8160),
)
def test_it_is_what_cryptography_derives(secret: bytes, salt: bytes, info: bytes, length: int) -> None:
    theirs = HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
    assert KeyedHash(hmac.digest(salt, secret, "sha256")).expanded(info, length) == theirs


def test_no_more_than_255_blocks() -> None:
    with pytest.raises(ValueError, match="256"):
        KeyedHash(bytes(32)).expanded(b"", 8161)
