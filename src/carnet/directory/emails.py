"""Which accounts have an email address. Every account is looked at once, when somebody first asks; from then on only
those that change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import immutables

from carnet.directory.account_view import AccountView

_Accounts: TypeAlias = "immutables.Map[str, AccountView]"
_Known: TypeAlias = "immutables.Map[str, frozenset[str]]"
"""The ids of accounts, by their email address in lower case."""


class Emails:
    """The email addresses of root users. Several threads may ask at the same time.

    INVARIANT: the `accounts` that it is given have the addresses of those that it was made for, whatever else differs.
    """

    __slots__ = ("_known",)

    def __init__(self, known: _Known | None = None) -> None:
        self._known = known

    def accounts_with(self, email: str, accounts: _Accounts) -> list[AccountView]:
        """The accounts of that address, without regard to case, in the order of their ids."""
        if self._known is None:
            self._known = _with_changes(immutables.Map(), immutables.Map(), accounts, accounts)
        return [accounts[each] for each in sorted(self._known.get(email.lower(), ()))]

    def changed(self, before: _Accounts, after: _Accounts, touched: Iterable[str]) -> Emails:
        """Those of the accounts after a change; they differ in the `touched` ones."""
        known = self._known
        return Emails(None if known is None else _with_changes(known, before, after, touched))


def _with_changes(known: _Known, before: _Accounts, after: _Accounts, touched: Iterable[str]) -> _Known:
    mutation = known.mutate()
    for each in touched:
        old, new = _email(before, each), _email(after, each)
        if old == new:
            continue
        if old is not None:
            mutation[old] = mutation[old] - {each}
            if not mutation[old]:
                del mutation[old]
        if new is not None:
            mutation[new] = mutation.get(new, frozenset()) | {each}
    return mutation.finish()


def _email(accounts: _Accounts, account: str) -> str | None:
    view = accounts.get(account)
    return None if view is None else view.account.email.lower()
