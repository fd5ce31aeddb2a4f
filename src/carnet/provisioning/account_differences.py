"""What differs between an account, or the access keys in it, and what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from carnet.base.faults import AlreadyExists
from carnet.base.ids import account_of_key
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.identity.credentials import secret_context
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring
from carnet.provisioning.password_policy import password_policy_steps
from carnet.provisioning.steps import AddAccessKey, CreateAccount, Invoke, SetKeyStatus, Step, UpdateAccount
from carnet.provisioning.wanted import WantedAccount, WantedKey

_TITLE, _EMAIL = "account", "root@example.com"
"""Of an account of which the document says neither; what `carnet account create` says then."""


def account_steps(view: AccountView | None, wanted: WantedAccount, *, partition: str, now: datetime) -> Iterator[Step]:
    """An account, with its alias and its password policy; not its root keys."""
    if view is None:
        yield CreateAccount(
            account=Account(
                id=wanted.account,
                partition=partition,
                name=wanted.title or _TITLE,
                email=wanted.email or _EMAIL,
                created=now,
            )
        )
    elif wanted.title not in (None, view.account.name) or wanted.email not in (None, view.account.email):
        yield UpdateAccount(title=wanted.title, email=wanted.email)
    if wanted.alias not in (None, view.account.alias if view is not None else None):
        yield Invoke(name="CreateAccountAlias", given={"AccountAlias": wanted.alias})
    yield from password_policy_steps(view.account.password_policy if view is not None else None, wanted.password_policy)


def key_steps(
    snapshot: Snapshot, keyring: Keyring, keys: Sequence[WantedKey], *, owner: str | None, user: str | None
) -> Iterator[Step]:
    """The keys of `owner`, the id of a user or of an account; None if it is still to be made.

    `user` is the user's name, None for the root user. Raises AlreadyExists for a key of somebody else, or one whose
    secret is another.
    """
    for key in keys:
        present = _find_access_key(snapshot, key.given.id)
        if present is None:
            yield AddAccessKey(user=user, key=key)
        elif present.owner != owner or not _has_secret(keyring, present, key.given.secret):
            raise AlreadyExists(f"The access key {key.given.id} is there, with another owner or another secret.")
        elif present.active != key.active:
            yield SetKeyStatus(key=key)


def _find_access_key(snapshot: Snapshot, key_id: str) -> AccessKey | None:
    view = snapshot.account(account_of_key(key_id) or "")
    return (view.of(AccessKey).get(key_id) if view is not None else None) or snapshot.named(AccessKey, key_id)


def _has_secret(keyring: Keyring, key: AccessKey, secret: str) -> bool:
    try:
        return (
            keyring.open(key.sealed_secret, context=secret_context(key.id, key.account, key.owner)) == secret.encode()
        )
    except Unsealable:
        return False
