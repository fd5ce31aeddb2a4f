"""The names and email addresses that AWS takes for an account's."""

from __future__ import annotations

import pytest

from carnet.entities.account import is_account_email, is_account_name


@pytest.mark.parametrize("name", ["a", "My account (prod)", "n" * 50])
def test_names(name: str) -> None:
    assert is_account_name(name)


@pytest.mark.parametrize("name", ["", "n" * 51, "caf\u00e9", "a\n"])
def test_what_is_no_name(name: str) -> None:
    assert not is_account_name(name)


@pytest.mark.parametrize("email", ["a@b.io", "root+1@example.com", "a.b_c@x-y.example.org", f"{'a' * 52}@example.com"])
def test_emails(email: str) -> None:
    assert is_account_email(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "bad",
        "a@b.c",
        "a@example",
        "@example.com",
        "a@b@example.com",
        ".a@example.com",
        "a b@example.com",
        "a,b@example.com",
        "a@-example.com",
        "a@example.com-",
        "a@example.com.",
        "a@.example.com",
        "a@exa_mple.com",
        "a@example.com\n",
        "\u00e9@example.com",
        f"{'a' * 53}@example.com",
    ],
)
def test_what_is_no_email(email: str) -> None:
    assert not is_account_email(email)
