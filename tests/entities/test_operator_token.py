"""What an operator token looks like, and what is kept of one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from carnet.entities.operator_token import OperatorToken, is_token_name, token_digest, token_text

TOKEN = token_text(bytes(range(32)))


def test_a_token_is_known_by_its_beginning_and_kept_as_its_digest() -> None:
    assert TOKEN == "carnet_ot_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    assert token_digest(TOKEN) == hashlib.sha256(TOKEN.encode()).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        *["", "carnet_ot_", TOKEN[:-1], TOKEN + "0", TOKEN + "\n", " " + TOKEN, TOKEN.upper()],
        *[TOKEN[:-1] + "é", TOKEN[:-1] + "٣", "g" + TOKEN[1:], TOKEN.replace("_ot_", "_xx_")],
    ],
)
def test_what_is_no_token_is_not_even_hashed(text: str) -> None:
    assert token_digest(text) is None


def test_a_token_is_good_until_it_expires() -> None:
    made = datetime(2026, 1, 2, tzinfo=UTC)
    ends = made + timedelta(days=1)
    token = OperatorToken(id="ot-1", name="ci", digest="", scopes=(), created=made, expires=ends)
    assert token.is_good(ends - timedelta(microseconds=1))
    assert not token.is_good(ends)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *[("c", True), ("ci on main", True), ("x" * 64, True)],
        *[("", False), ("x" * 65, False), (" ci", False), ("ci ", False), ("c\ni", False), ("cé", False)],
    ],
)
def test_names(name: str, is_one: bool) -> None:
    assert is_token_name(name) is is_one
