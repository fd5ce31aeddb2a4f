"""Removes an account with all that is in it, which only the operator of an installation does."""

from __future__ import annotations

from datetime import datetime

from carnet.base.faults import Missing
from carnet.entities.scope import account_scope
from carnet.services.accounts import account_event
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork


def delete_account(store: Store, *, account: str, now: datetime) -> int:
    """Remove an account as `remove_account` does, in a change of its own."""
    with store.write() as unit:
        removed = remove_account(unit, account)
        unit.audit(account_event("DeleteAccount", [account], now))
    return removed


def remove_account(unit: UnitOfWork, account: str) -> int:
    """Remove an account and every row of its scope in one change; how many rows those were. Raises Missing.

    Its keys and sessions are good for nothing afterwards, and its id may be given again. Who asks for it writes the
    audit event.
    """
    removed = unit.remove_scope(account_scope(account))
    if not removed:
        raise Missing(f"There is no account {account}.")
    return removed
