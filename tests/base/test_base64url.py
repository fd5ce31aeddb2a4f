"""Base64 for URLs: one text for each row of bytes, and no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.base64url import decode, encode


@given(st.binary(max_size=64))
def test_what_was_encoded_is_decoded(raw: bytes) -> None:
    assert decode(encode(raw)) == raw


@given(st.text(alphabet="AQgw-_+/= \n\xe9", max_size=12))
def test_no_other_text_is_decoded(text: str) -> None:
    try:
        raw = decode(text)
    except ValueError:
        return
    assert encode(raw) == text


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "AA\n", "A+8", "A/8", "\xe9", "AAA\x00", "\u0410AAA"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="it is no base64url"):
        decode(text)
