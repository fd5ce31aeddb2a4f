"""Unique identifiers."""

from __future__ import annotations

import re
import secrets
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.ids import Ids, account_of_key, key_tail

IDS = Ids(secrets.token_bytes)
ACCOUNTS = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}")


@given(account=ACCOUNTS, noise=st.binary(min_size=5, max_size=5))
def test_the_account_can_be_read_in_an_access_key_id(account: str, noise: bytes) -> None:
    key_id = "AKIA" + key_tail(account, noise)
    assert re.fullmatch("AKIA[A-Z2-7]{16}", key_id)
    assert account_of_key(key_id) == account


@pytest.mark.parametrize(
    ("key_id", "account"),
    [("ASIAQNZGKIQY56JQ7WML", "029608264753"), ("ASIAY34FZKBOKMUTVV7A", "609629065308")],
)
def test_key_ids_of_aws_tell_their_account(key_id: str, account: str) -> None:
    assert account_of_key(key_id) == account


@pytest.mark.parametrize(
    "text", ["", "AKIA", "AKIA0000000000000000", "AKIAaaaaaaaaaaaaaaaa", "AKIAQNZGKIQY56JQ7WMLL", "é" * 20]
)
def test_other_texts_tell_none(text: str) -> None:
    assert account_of_key(text) is None


def test_ids_have_the_form_of_awss() -> None:
    assert re.fullmatch("AIDA[A-Z2-7]{17}", IDS.unique("AIDA"))
    assert re.fullmatch("[1-9][0-9]{11}", IDS.account())
    assert re.fullmatch("[A-Za-z0-9+/]{40}", IDS.secret_access_key())


@given(raw=st.binary(min_size=16, max_size=16))
def test_request_ids_are_version_4_uuids(raw: bytes) -> None:
    text = Ids(lambda _: raw).uuid()
    assert str(uuid.UUID(text)) == text
    assert uuid.UUID(text).version == 4
    assert uuid.UUID(text).variant == uuid.RFC_4122
