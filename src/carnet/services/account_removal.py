"""Removes an account with everything in it. Only the operator of an installation can do it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from carnet.base.faults import InUse, Missing
from carnet.entities.scope import account_scope
from carnet.services.accounts import account_event
from carnet.services.organization_events import Departure, departed
from carnet.store.entity_type import EntityType
from carnet.store.rows.organization_accounts import ORGANIZATION_ACCOUNTS
from carnet.store.rows.organizations import ORGANIZATIONS
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

E = TypeVar("E")


def delete_account(store: Store, *, account: str, now: datetime) -> int:
    """Remove an account as `remove_account` does, in a change of its own."""
    with store.write() as unit:
        removed = remove_account(unit, account, now)
        unit.audit(account_event("DeleteAccount", [account], now))
    return removed


def remove_account(unit: UnitOfWork, account: str, now: datetime) -> int:
    """Remove an account and every row of its scope in one change; returns the number of rows.

    A member leaves its organization by it, even if it is closed. Raises Missing, and InUse for a management account.
    Afterwards its keys and sessions are invalid, and its id may be used again. The caller writes the audit event of the
    removal.
    """
    place = stored(unit, ORGANIZATION_ACCOUNTS, account)
    if place is not None:
        organization = stored(unit, ORGANIZATIONS, place.organization)
        if organization is None or organization.management == account:
            raise InUse(f"The account {account} manages the organization {place.organization}, which has to go first.")
        unit.remove(place)
        unit.audit(departed(organization, account, Departure.CLEANED, now))
    removed = unit.remove_scope(account_scope(account))
    if not removed:
        raise Missing(f"There is no account {account}.")
    return removed if place is None else removed + 1


def stored(unit: UnitOfWork, kind: EntityType[E], key: str) -> E | None:
    """The entity of an id at the locked revision."""
    changes = unit.ask(lambda connection, _: list(kind.read_some(connection, [key], set())))
    return changes[0].entity if changes else None
