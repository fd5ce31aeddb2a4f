"""Makes accounts, and replaces a lost root key. Only the operator of an installation can do it.

AWS has no API for it; `carnet account` and the first start call it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from carnet.base.faults import Invalid, Missing
from carnet.base.ids import Ids
from carnet.entities.account import Account
from carnet.identity.new_access_key import GivenKey, NewAccessKey, drawn_key, new_access_key, sealed_access_key
from carnet.keyring.keyring import Keyring
from carnet.services.ended_keys import note_end
from carnet.services.membership import admit_new
from carnet.services.operator_event import operator_event
from carnet.services.transaction import OperatorCall
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from carnet.directory.directory import Directory
    from carnet.directory.organization_view import OrganizationView


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """An account and a new access key of its root user."""

    account: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """The organization that new accounts become members of, by its id."""

    directory: Directory
    organization: str

    def view(self, unit: UnitOfWork, partition: str) -> OrganizationView:
        """The organization at the locked revision; raises Missing, or Invalid for one of another partition."""
        found = self.directory.catch_up(unit.base).organizations.get(self.organization)
        if found is None:
            raise Missing(f"There is no organization {self.organization}.")
        if found.organization.partition != partition:
            raise Invalid(f"The organization {self.organization} is not of the partition {partition}.")
        return found


def _tell_nobody(_done: int, _of: int) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccounts:
    """The accounts to create."""

    names: Sequence[str]
    emails: Sequence[str]
    """One for each name."""
    account_ids: Sequence[str] = ()
    """One for each name, or none: then they are drawn."""
    partition: str

    def drawn(self, ids: Ids, now: datetime) -> list[Account]:
        """The accounts, with their ids."""
        account_ids = self.account_ids or [ids.account() for _ in self.names]
        return [
            Account(id=account_id, partition=self.partition, name=name, email=email, created=now)
            for name, email, account_id in zip(self.names, self.emails, account_ids, strict=True)
        ]


def create_accounts(
    store: Store,
    keyring: Keyring,
    ids: Ids,
    wanted: NewAccounts,
    *,
    now: datetime,
    joining: Joining | None = None,
    told: Callable[[int, int], None] = _tell_nobody,
) -> tuple[RootKey, ...]:
    """Make the accounts, all of them or none, each with one root access key.

    They are stand-alone, or members of the organization `joining`. Raises AlreadyExists if an id is in use, and what
    `joining` raises. `told` is called with the number made so far and the number of all.
    """
    accounts = wanted.drawn(ids, now)
    with store.write() as unit:
        view = None if joining is None else joining.view(unit, wanted.partition)
        made = _add_accounts(unit, keyring, accounts, [drawn_key(ids, account.id) for account in accounts], told)
        if view is not None:
            for account in accounts:
                admit_new(unit, ids, account, view)
    return made


def create_first_account(
    call: OperatorCall, *, account_id: str | None = None, root_key: GivenKey | None = None, partition: str
) -> RootKey | None:
    """Make the first account and its root key, with the given values or new ones; None if there is an account already.

    INVARIANT: this is checked at the locked revision, so that of several first starts at the same time only one makes
    it.
    """
    account = Account(
        id=account_id or call.ids.account(),
        partition=partition,
        name="first account",
        email="root@example.com",
        created=call.now,
    )
    with call.transaction() as transaction:
        unit = transaction.unit
        if len(transaction.snapshot.accounts):
            return None
        (made,) = _add_accounts(unit, call.keyring, [account], [root_key or drawn_key(call.ids, account.id)])
    call.directory.apply(unit.committed)
    return made


def _add_accounts(
    unit: UnitOfWork,
    keyring: Keyring,
    accounts: Sequence[Account],
    keys: Sequence[GivenKey],
    told: Callable[[int, int], None] = _tell_nobody,
) -> tuple[RootKey, ...]:
    made: list[RootKey] = []
    for account, key in zip(accounts, keys, strict=True):
        made.append(add_account(unit, keyring, account, key))
        told(len(made), len(accounts))
    unit.audit(account_event("CreateAccount", [account.id for account in accounts], accounts[0].created))
    return tuple(made)


def add_account(unit: UnitOfWork, keyring: Keyring, account: Account, key: GivenKey) -> RootKey:
    """Make an account with that key of its root user. The caller writes the audit event."""
    new = sealed_access_key(keyring, key, account=account.id, owner=account.id, now=account.created)
    unit.add(account)
    unit.add(new.key)
    return _root_key(new)


def replace_root_keys(call: OperatorCall, *, account: str) -> RootKey:
    """Delete every access key of the root user and make one new; raises Missing.

    INVARIANT: the keys are those at the locked revision, so that a key which was made with an old one in the meantime
    is deleted, too.
    """
    now = call.now
    with call.transaction() as transaction:
        unit, view = transaction.unit, transaction.snapshot.account(account)
        if view is None:
            raise Missing(f"There is no account {account}.")
        new = new_access_key(call.ids, call.keyring, account=account, owner=account, now=now)
        for old in view.keys_of(account):
            unit.remove(old)
            note_end(unit, view, old.id, now)
        unit.add(new.key)
        unit.audit(account_event("ReplaceRootAccessKey", [account], now))
    return _root_key(new)


def _root_key(new: NewAccessKey) -> RootKey:
    return RootKey(account=new.key.account, access_key_id=new.key.id, secret_access_key=new.secret)


def account_event(name: str, accounts: list[str], now: datetime) -> dict[str, object]:
    """The audit event of what the operator has done to accounts."""
    return operator_event(name, {"accounts": accounts}, now)
