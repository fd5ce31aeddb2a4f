"""Closed accounts of an organization: the operator can open one again; otherwise it is removed in time.

AWS Support reopens accounts at AWS, which removes them 90 days after their closure.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from carnet.base.clock import Clock
from carnet.base.faults import InUse, Invalid, Missing
from carnet.services.account_removal import remove_account, stored
from carnet.store.leases import Lease
from carnet.store.rows.memberships import MEMBERSHIPS, closed_for_good
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

_LOG = logging.getLogger(__name__)
REMOVE_SECONDS = 3600.0
"""How often accounts whose time is over are looked for. An account is kept at most this much longer."""


def reopen_account(unit: UnitOfWork, account: str) -> None:
    """Open an account again: its keys and sessions are valid again, and its place in the organization is as it was.

    Raises Missing for an account that is in no organization, Invalid for one that is not closed. The caller writes the
    audit event.
    """
    membership = stored(unit, MEMBERSHIPS, account)
    if membership is None:
        raise Missing(f"There is no account {account} in an organization.")
    if membership.closed is None:
        raise Invalid(f"The account {account} is not closed.")
    unit.save(replace(membership, closed=None))


def remove_closed_accounts(store: Store, lease: Lease, *, clock: Clock) -> Iterator[None]:
    """Remove the accounts whose time after closing is over, one at each step.

    If one cannot be removed, it stays, and the log says so. Raises LeaseLost, Unavailable.
    """
    with store.fenced(lease) as (connection, backend):
        accounts = closed_for_good(connection, backend)
    yield
    for account in accounts:
        try:
            _remove_closed(store, lease, account, clock())
        except InUse as problem:
            _LOG.warning("the account %s, which was closed, is kept: %s", account, problem.message)
        yield


def _remove_closed(store: Store, lease: Lease, account: str, now: datetime) -> None:
    """INVARIANT: the transaction that removes the account checks that it was not opened again."""
    with store.write() as unit:
        unit.hold(lease)
        if unit.ask(partial(closed_for_good, account=account)):
            remove_account(unit, account, now)
