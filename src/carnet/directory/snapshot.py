"""Every scope at one revision."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeVar

import immutables

from carnet.base.faults import Unavailable
from carnet.base.partitions import DEFAULT_PARTITION
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import OrganizationView
from carnet.directory.scope_view import ScopeView
from carnet.directory.views import Views, no_views
from carnet.entities.account import Account
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.scope import INSTALLATION, Scope
from carnet.store.changes import NOWHERE, Changes, Revision
from carnet.store.entity_types import ENTITY_TYPES, EntityTypes

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Immutable. Its holder sees one state, whatever is written meanwhile."""

    revision: Revision
    quarantined: frozenset[Scope]
    """Scopes that could not be read, or that contain something that this release does not know and on which a decision
    may depend.

    INVARIANT: there is no view of them, so nothing in them is ever allowed; if the installation is among them, there is
    none of anything. An account must not be allowed what a quarantined organization could forbid it. Each scope comes
    back when it changes and can be read, or with the next complete load, as at a restart.
    """
    readable: Views
    """The views of all scopes that can be read, even if the installation cannot."""
    shown: Views
    """The views on which decisions may be made."""

    @property
    def seq(self) -> int:
        return self.revision.seq

    @property
    def epoch(self) -> str:
        return self.revision.epoch

    @property
    def installation(self) -> ScopeView:
        return self.shown.installation

    @property
    def organizations(self) -> immutables.Map[str, OrganizationView]:
        """By organization id."""
        return self.shown.organizations

    @property
    def accounts(self) -> immutables.Map[str, AccountView]:
        """By account id."""
        return self.shown.accounts

    def account(self, account_id: str) -> AccountView | None:
        """The account of that id."""
        return self.shown.accounts.get(account_id)

    def open_account(self, account_id: str) -> AccountView | None:
        """The account of that id, unless it is closed.

        INVARIANT: code that authenticates a principal of an account, or gives out a session in it, uses this: in a
        closed account nobody is authenticated.
        """
        view = self.account(account_id)
        return None if view is None or view.closed else view

    def with_email(self, email: str) -> list[AccountView]:
        """The accounts whose root user has that email address, without regard to case."""
        return self.shown.emails.accounts_with(email, self.accounts)

    def organization_of(self, account_id: str) -> OrganizationView | None:
        """The organization that an account is in; None for a stand-alone account, and for an unknown one.

        Raises Unavailable if the organization cannot be shown: it is not known what it forbids.
        """
        view = self.accounts.get(account_id)
        membership = view.membership if view is not None else None
        if membership is None:
            return None
        organization = self.organizations.get(membership.organization)
        if organization is None or organization.of(OrganizationAccount).get(account_id) is None:
            raise Unavailable(f"The organization {membership.organization} cannot be read.")
        return organization

    def org_path_of(self, account_id: str) -> str | None:
        """The place of an account, as `OrganizationView.org_path`; None if it is in no organization.

        Raises Unavailable as `organization_of` does.
        """
        organization = self.organization_of(account_id)
        if organization is None:
            return None
        try:
            return organization.org_path(organization.of(OrganizationAccount).by_id[account_id])
        except LookupError as problem:
            raise Unavailable(f"The tree of the organization {organization.scope.id} cannot be read.") from problem

    def named(self, entity: type[T], name: Hashable) -> T | None:
        """The entity of a name that is unique in the whole installation."""
        return self.shown.named(entity, name)

    def by_alias(self, alias: str, partition: str = DEFAULT_PARTITION) -> AccountView | None:
        """The account of that alias."""
        account = self.named(Account, (partition, alias))
        return None if account is None else self.accounts[account.id]

    def holds_back(self, changes: Changes) -> bool:
        """Whether a changed row belongs to a quarantined scope: such a scope has to be read as a whole."""
        return any(change.scope in self.quarantined for change in changes.changes)

    def with_changes(self, changes: Changes) -> Snapshot:
        """The snapshot at `changes.revision`. INVARIANT: this one stands at `changes.base`, or that is None."""
        before = self if changes.base is not None else empty_snapshot(self.readable.types)
        readable, touched, failed = before.readable.changed(changes, before.quarantined)
        quarantined = before.quarantined - touched | failed
        if quarantined != before.quarantined:
            _tell(before.quarantined, quarantined)
        return Snapshot(
            revision=changes.revision,
            quarantined=quarantined,
            readable=readable,
            shown=no_views(readable.types) if INSTALLATION in quarantined else readable,
        )


def empty_snapshot(types: EntityTypes = ENTITY_TYPES) -> Snapshot:
    """The snapshot of these kinds before anything is read."""
    views = no_views(types)
    return Snapshot(revision=NOWHERE, quarantined=frozenset(), readable=views, shown=views)


def _tell(before: frozenset[Scope], now: frozenset[Scope]) -> None:
    for scope in now - before:
        _LOG.error("the %s is held back: nothing in it is allowed until it reads well", scope)
    for scope in before - now:
        _LOG.warning("the %s reads well again", scope)
