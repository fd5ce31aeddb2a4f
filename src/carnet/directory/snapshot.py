"""All accounts as they were at one revision."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import immutables

from carnet.base.arns import DEFAULT_PARTITION
from carnet.directory.account_view import AccountView
from carnet.entities.account import Account
from carnet.store.changes import NOWHERE, Change, Changes, Kind, Revision

_LOG = logging.getLogger(__name__)

_Accounts: TypeAlias = "immutables.Map[str, AccountView]"
_Aliases: TypeAlias = "immutables.Map[tuple[str, str], str]"
_NO_ACCOUNTS: _Accounts = immutables.Map()
_NO_ALIASES: _Aliases = immutables.Map()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Immutable. Whoever holds one sees one state, whatever is written meanwhile."""

    revision: Revision = NOWHERE
    accounts: _Accounts = _NO_ACCOUNTS
    """By account id."""
    aliases: _Aliases = _NO_ALIASES
    """(partition, alias) to account id."""
    quarantined: frozenset[str] = frozenset()
    """Accounts that could not be read. INVARIANT: they are not in `accounts`, so nothing in them is ever allowed.

    They come back with the next whole load, which a restart makes.
    """

    @property
    def seq(self) -> int:
        return self.revision.seq

    @property
    def epoch(self) -> str:
        return self.revision.epoch

    def account(self, account_id: str) -> AccountView | None:
        """The account of that id."""
        return self.accounts.get(account_id)

    def by_alias(self, alias: str, partition: str = DEFAULT_PARTITION) -> AccountView | None:
        """The account of that alias."""
        account_id = self.aliases.get((partition, alias))
        return None if account_id is None else self.accounts[account_id]

    def with_changes(self, changes: Changes) -> Snapshot:
        """The snapshot at `changes.revision`. INVARIANT: this one stands at `changes.base`, or that is None."""
        before = EMPTY if changes.base is None else self
        views, failed = _changed_views(before, changes)
        return Snapshot(
            revision=changes.revision,
            accounts=_with_views(before.accounts, views),
            aliases=_with_aliases(before, views),
            quarantined=before.quarantined | failed,
        )


EMPTY = Snapshot()

_Views = Mapping[str, AccountView | None]
"""Account id to what is seen of it after a change; None for nothing."""


def _changed_views(before: Snapshot, changes: Changes) -> tuple[_Views, frozenset[str]]:
    """The views that change, and the accounts among them that have failed."""
    by_account: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes.changes:
        by_account[change.account].append(change)
    failed = set(changes.unreadable)
    views: dict[str, AccountView | None] = dict.fromkeys(failed)
    for account_id in by_account.keys() - failed - before.quarantined:
        try:
            views[account_id] = _changed_view(before.accounts.get(account_id), by_account[account_id])
        except Exception:
            _LOG.exception("account %s cannot be shown", account_id)
            failed.add(account_id)
            views[account_id] = None
    return views, frozenset(failed)


def _changed_view(view: AccountView | None, changes: Sequence[Change]) -> AccountView | None:
    for change in changes:
        if change.kind is Kind.ACCOUNT:
            if not isinstance(change.entity, Account):
                return None
            view = view or AccountView(change.entity)
    return None if view is None else view.changed(changes)


def _with_views(accounts: _Accounts, views: _Views) -> _Accounts:
    mutation = accounts.mutate()
    for account_id, view in views.items():
        if view is None:
            mutation.pop(account_id, None)
        else:
            mutation[account_id] = view
    return mutation.finish()


def _with_aliases(before: Snapshot, views: _Views) -> _Aliases:
    mutation = before.aliases.mutate()
    # All old aliases go before the new ones come: one change may hand an alias from one account to another.
    for account_id in views:
        if (old := before.accounts.get(account_id)) is not None and old.account.alias is not None:
            del mutation[old.account.partition, old.account.alias]
    for account_id, view in views.items():
        if view is not None and view.account.alias is not None:
            mutation[view.account.partition, view.account.alias] = account_id
    return mutation.finish()
