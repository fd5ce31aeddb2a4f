"""What only the operator of an installation does: make accounts, and replace a lost root key.

AWS has no API for it; `carnet account` and the first start call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from carnet.access.new_access_key import NewAccessKey, new_access_key
from carnet.base.faults import Missing
from carnet.base.ids import Ids
from carnet.base.timestamps import iso_seconds
from carnet.directory.directory import Directory
from carnet.entities.account import Account
from carnet.keyring.keyring import Keyring
from carnet.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """An account and a new access key of its root user."""

    account: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


def create_accounts(
    store: Store,
    keyring: Keyring,
    ids: Ids,
    *,
    names: Sequence[str],
    emails: Sequence[str],
    partition: str,
    now: datetime,
) -> tuple[RootKey, ...]:
    """Make a stand-alone account for each name and email, all of them or none, each with one root access key."""
    made: list[RootKey] = []
    with store.write() as unit:
        for name, email in zip(names, emails, strict=True):
            account = Account(id=ids.account(), partition=partition, name=name, email=email, created=now)
            new = new_access_key(ids, keyring, account=account.id, owner=account.id, now=now)
            unit.accounts.add(account)
            unit.access_keys.add(new.key)
            made.append(_root_key(new))
        unit.audit(_event("CreateAccount", [key.account for key in made], now))
    return tuple(made)


def replace_root_keys(
    store: Store, directory: Directory, keyring: Keyring, ids: Ids, *, account: str, now: datetime
) -> RootKey:
    """Delete every access key of the root user and make one new; raises Missing.

    INVARIANT: the keys are those at the locked revision, so that none which an old one made meanwhile is left.
    """
    with store.write() as unit:
        view = directory.catch_up(unit.base).account(account)
        if view is None:
            raise Missing(f"There is no account {account}.")
        new = new_access_key(ids, keyring, account=account, owner=account, now=now)
        for old in view.keys_of(account):
            unit.access_keys.remove(old)
        unit.access_keys.add(new.key)
        unit.audit(_event("ReplaceRootAccessKey", [account], now))
    return _root_key(new)


def _root_key(new: NewAccessKey) -> RootKey:
    return RootKey(account=new.key.account, access_key_id=new.key.id, secret_access_key=new.secret)


def _event(name: str, accounts: list[str], now: datetime) -> dict[str, object]:
    return {
        "eventTime": iso_seconds(now),
        "eventSource": "carnet",
        "eventName": name,
        "userIdentity": {"type": "Operator"},
        "requestParameters": {"accounts": accounts},
    }
