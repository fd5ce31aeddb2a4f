"""One AES-256 key."""

from __future__ import annotations

import pytest

from carnet.keyring.aead import KEY_BYTES, Aead, joined


@pytest.mark.parametrize("length", [0, 16, 24, KEY_BYTES - 1, KEY_BYTES + 1])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"^an AES-256 key has 32 bytes$"):
        Aead(b"k" * length)
    assert Aead(b"k" * KEY_BYTES).decrypt(Aead(b"k" * KEY_BYTES).encrypt(b"plain", b"aad"), b"aad") == b"plain"


def test_parts_cannot_be_read_in_two_ways() -> None:
    assert len({joined(), joined(b""), joined(b"", b""), joined(b"ab"), joined(b"a", b"b"), joined(b"", b"ab")}) == 6
