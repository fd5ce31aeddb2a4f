from __future__ import annotations

import base64

import pytest

from carnet.keyring.data_keys import Purpose
from carnet.keyring.sealed_tokens import MAX_TOKEN_CHARACTERS, open_token, seal_token
from tests.keyring.keys import KEYRING

TOKENS = Purpose.SIGN_IN_TOKENS
PLAIN = b"who, what, until when"


def test_what_is_sealed_is_opened_with_its_secret() -> None:
    token, secret = seal_token(KEYRING, TOKENS, "access", PLAIN)
    opened = open_token(KEYRING, TOKENS, "access", token)
    assert opened is not None
    assert (opened.plain, opened.secret) == (PLAIN, secret)
    assert PLAIN.decode() not in repr(opened)
    assert secret not in repr(opened)


def test_no_two_tokens_are_alike() -> None:
    (one, its), (other, others) = (seal_token(KEYRING, TOKENS, "access", PLAIN) for _ in range(2))
    assert one != other
    assert its != others


@pytest.mark.parametrize(("purpose", "kind"), [(TOKENS, "refresh"), (Purpose.CLIENT_REGISTRATIONS, "access")])
def test_a_token_of_another_kind_or_purpose_does_not_open(purpose: Purpose, kind: str) -> None:
    token, _ = seal_token(KEYRING, TOKENS, "access", PLAIN)
    assert open_token(KEYRING, purpose, kind, token) is None


def test_no_byte_can_be_changed() -> None:
    token, _ = seal_token(KEYRING, TOKENS, "access", PLAIN)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        altered = bytearray(raw)
        altered[place] ^= 1
        text = base64.urlsafe_b64encode(bytes(altered)).rstrip(b"=").decode()
        assert open_token(KEYRING, TOKENS, "access", text) is None


@pytest.mark.parametrize(
    "changed",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "=",
        lambda token: token + "!",
        lambda token: " " + token,
        lambda token: token[:40],
        lambda token: "A" * (MAX_TOKEN_CHARACTERS + 4),
        lambda token: "\xe9" + token,
    ],
)
def test_what_is_no_token_does_not_open(changed: object) -> None:
    token, _ = seal_token(KEYRING, TOKENS, "access", PLAIN)
    assert callable(changed)
    assert open_token(KEYRING, TOKENS, "access", changed(token)) is None
