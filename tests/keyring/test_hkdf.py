from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from carnet.keyring.hkdf import expanded, extracted


def test_the_first_vector_of_the_rfc() -> None:
    root = extracted(b"\x0b" * 22, bytes(range(13)))
    assert root.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    assert expanded(root, bytes(range(0xF0, 0xFA)), 42).hex() == (
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
    assert expanded(extracted(secret, salt), info, length) == theirs


def test_no_more_than_255_blocks() -> None:
    with pytest.raises(ValueError, match="256"):
        expanded(bytes(32), b"", 8161)
