"""How an upstream is told the account that owns the resources of a request."""

from __future__ import annotations

import re

from msgspec import Struct

from carnet.base.arns import ACCOUNT_ID

_HEADER = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
SHARED_BY = frozenset(("s3",))
"""Services whose resources have one name in all accounts, so that one store may hold those of all of them."""
ACCOUNTS_RULE = "one of header:NAME, access-key, single:ACCOUNT-ID, shared"


class Accounts(Struct, frozen=True, kw_only=True):
    """One of four ways; a value without any tells the upstream nothing, and stands for no account."""

    header: str = ""
    """The header that has the account's id."""
    by_access_key: bool = False
    """Whether an access key id of twelve digits stands for the account."""
    single: str = ""
    """The one account that it stands for. Requests about another's resources are not sent to it."""
    shared: bool = False
    """Whether it holds the resources of all accounts, and knows of none."""


def read_accounts(text: str) -> Accounts:
    """The `accounts` of an upstream in a file. Raises ValueError."""
    how, _, which = text.partition(":")
    if how == "header" and _HEADER.fullmatch(which):
        return Accounts(header=which)
    if how == "single" and ACCOUNT_ID.fullmatch(which):
        return Accounts(single=which)
    if text == "access-key":
        return Accounts(by_access_key=True)
    if text == "shared":
        return Accounts(shared=True)
    raise ValueError(f"accounts is {text!r}, and must be {ACCOUNTS_RULE}")
