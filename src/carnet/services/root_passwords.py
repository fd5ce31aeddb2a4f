"""Passwords of root users. The operator makes a token that allows setting one, once; whoever has the token sets it.

AWS mails a link to the root user's address. Here the operator hands over the token; no mail is sent.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reset-root-password.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from carnet.base.faults import Denied, Invalid, Missing, Unavailable
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.login_profile import LoginProfile
from carnet.entities.password_policy import DEFAULT_RULE
from carnet.entities.root_reset import RESET_TOKEN, RootReset
from carnet.entities.token_form import TOKEN_BYTES
from carnet.identity.passwords import HashedPassword, Passwords
from carnet.services.operator_event import operator_event
from carnet.services.transaction import OperatorCall, Transaction
from carnet.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    pass

_NOT_GOOD = "The token to set a root password is not good: it was never given, is used, was replaced, or has expired."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRootReset:
    """A stored permission to set a root password, and its token, which is shown once."""

    reset: RootReset
    token: str = field(repr=False)


class RootPasswordSet(NamedTuple):
    """The outcome of setting a root password."""

    account: str
    mfa_devices_removed: int


class HashedForRoot(NamedTuple):
    """A root password, hashed."""

    before: LoginProfile | None
    """The root user's password at the time when the new one was hashed; None if there was none."""
    hashed: HashedPassword


def give_leave(transaction: Transaction, *, account: str, lifetime: timedelta, remove_mfa: bool) -> NewRootReset:
    """Let whoever has the token set the root password of an account. It replaces an earlier token.

    Raises Missing. The caller writes the audit event.
    """
    view, now = transaction.snapshot.account(account), transaction.now
    if view is None:
        raise Missing(f"There is no account {account}.")
    token = RESET_TOKEN.text(transaction.ids.random(TOKEN_BYTES))
    digest = RESET_TOKEN.digest(token)
    assert digest is not None, "it has the form of a token"
    reset = RootReset(account=account, digest=digest, remove_mfa=remove_mfa, created=now, expires=now + lifetime)
    if view.of(RootReset).get(account) is None:
        transaction.unit.add(reset)
    else:
        transaction.unit.save(reset)
    return NewRootReset(reset=reset, token=token)


def reset_root(call: OperatorCall, *, account: str, lifetime: timedelta, remove_mfa: bool) -> NewRootReset:
    """As `give_leave`, for the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        new = give_leave(transaction, account=account, lifetime=lifetime, remove_mfa=remove_mfa)
        transaction.unit.audit(operator_event("ResetRoot", told(new.reset), call.now))
    return new


def told(reset: RootReset) -> dict[str, object]:
    """The members of a reset in answers and in the audit log."""
    return {"account": reset.account, "removeMfa": reset.remove_mfa, "expires": iso_seconds(reset.expires)}


def hash_root_password(
    snapshot: Snapshot, passwords: Passwords, *, token: str, password: str, now: datetime
) -> HashedForRoot:
    """Hash a new root password of the account that the token is for. It takes long. Raises Denied, Invalid.

    INVARIANT: nothing is hashed without a valid token.
    """
    view = _view_of(snapshot, _good(snapshot, token, now))
    if not view.account.allows_root_password(password):
        raise Invalid(DEFAULT_RULE)
    account = view.account.id
    before = view.of(LoginProfile).get(account)
    return HashedForRoot(before, passwords.hashed(password, account=account, owner=account, before=before))


def set_root_password(
    unit: UnitOfWork, snapshot: Snapshot, made: HashedForRoot, *, token: str, now: datetime
) -> RootPasswordSet:
    """Set the password and use up the token. Raises Denied, Unavailable.

    INVARIANT: the token is looked up at the locked revision, so that it is used once, whichever nodes are asked.
    """
    reset = _good(snapshot, token, now)
    view = _view_of(snapshot, reset)
    profile = view.of(LoginProfile).get(reset.account)
    if profile != made.before:
        raise Unavailable("The root password was changed meanwhile; try again.")
    if profile is None:
        unit.add(
            LoginProfile(
                id=reset.account,
                account=reset.account,
                sealed_hashes=made.hashed.sealed,
                created=now,
                changed=now,
            )
        )
    else:
        unit.save(replace(profile, sealed_hashes=made.hashed.sealed, changed=now, reset_required=False))
    devices = view.mfa_devices_of(reset.account) if reset.remove_mfa else ()
    for device in devices:
        unit.remove(device)
    unit.remove(reset)
    return RootPasswordSet(reset.account, len(devices))


def set_by_token(call: OperatorCall, passwords: Passwords, *, token: str, password: str) -> RootPasswordSet:
    """Set a root password on the machine of the installation, in a change of its own. Raises as the steps do."""
    made = hash_root_password(call.directory.snapshot, passwords, token=token, password=password, now=call.now)
    with call.transaction() as transaction:
        done = set_root_password(transaction.unit, transaction.snapshot, made, token=token, now=call.now)
        event = {"account": done.account, "mfaDevicesRemoved": done.mfa_devices_removed}
        transaction.unit.audit(operator_event("SetRootPassword", event, call.now))
    return done


def _good(snapshot: Snapshot, token: str, now: datetime) -> RootReset:
    digest = RESET_TOKEN.digest(token)
    reset = snapshot.named(RootReset, digest) if digest is not None else None
    if reset is None or not reset.is_good(now):
        raise Denied(_NOT_GOOD)
    return reset


def _view_of(snapshot: Snapshot, reset: RootReset) -> AccountView:
    return snapshot.accounts[reset.account]
