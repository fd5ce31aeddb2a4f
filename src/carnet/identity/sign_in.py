"""Checks passwords, for the console's sign-in and for everything else that asks for one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/how-users-sign-in.html
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from carnet.base.faults import Refused
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account, is_account_id
from carnet.entities.entity import name_key
from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.identity.attempt_limits import may_try
from carnet.identity.networks import network_of
from carnet.identity.passwords import Passwords
from carnet.store.password_attempts import PasswordAttempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The account and the user that somebody claims to be, with the password."""

    account: str
    """Its id or its alias."""
    user_name: str | None
    """None for the root user."""
    password: str = field(repr=False)
    peer: str
    """The address that it comes from."""


class PasswordState(Enum):
    """What a right password may be used for."""

    GOOD = "good"
    MUST_CHANGE = "must change"
    """A new password has to be set first: it has expired, or an administrator set it and requires a change."""
    MUST_BE_RESET = "must be reset"
    """It has expired, and only an administrator may set another one (HardExpiry)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPassword:
    """The result of a right password of a user or a root user. MFA is not checked yet."""

    holder: User | Account
    profile: LoginProfile
    state: PasswordState


class SignIns:
    """Checks passwords. Each attempt is counted before the password is compared. It takes long: it runs in a pool."""

    def __init__(self, passwords: Passwords, attempts: PasswordAttempts) -> None:
        self._passwords = passwords
        self._attempts = attempts

    def check(self, snapshot: Snapshot, claim: Claim, now: datetime) -> KnownPassword | None:
        """The holder of the password; None alike for an unknown account or user, one without a password, and a wrong
        password.

        Each of these takes one hash, and is counted and delayed in the same way. Raises Refused (Throttling) for an
        attempt that comes too soon, Unavailable.
        """
        view = _account(snapshot, claim.account)
        holder = _holder(view, claim.user_name) if view is not None else None
        profile = view.of(LoginProfile).get(holder.id) if view is not None and holder is not None else None
        owner = holder.id if holder is not None else _nobody(view, claim)
        right = self.is_right(owner, profile, claim.password, peer=claim.peer, now=now)
        if not right or view is None or holder is None or profile is None:
            return None
        return KnownPassword(holder=holder, profile=profile, state=password_state(view.account, profile, now))

    def is_right(self, owner: str, profile: LoginProfile | None, password: str, *, peer: str, now: datetime) -> bool:
        """Whether it is the password of that owner (by id). Raises what `check` raises."""
        network = network_of(peer)
        if not self._attempts.reserve(owner, network, now, lambda seen: may_try(seen, now)):
            raise Refused("Throttling", "Rate exceeded")
        right = self._passwords.is_right(profile, password)
        if right:
            self._attempts.succeed(owner, network)
        return right


def password_state(account: Account, profile: LoginProfile, now: datetime) -> PasswordState:
    """What a right password may be used for, under the account's password policy as it is now."""
    policy = account.password_policy
    if profile.is_expired(policy, now):
        hard = policy is not None and policy.hard_expiry
        return PasswordState.MUST_BE_RESET if hard else PasswordState.MUST_CHANGE
    return PasswordState.MUST_CHANGE if profile.reset_required else PasswordState.GOOD


def _account(snapshot: Snapshot, named: str) -> AccountView | None:
    if is_account_id(named):
        return snapshot.open_account(named)
    view = snapshot.by_alias(named)
    return None if view is None or view.closed else view


def _holder(view: AccountView, user_name: str | None) -> User | Account | None:
    return view.account if user_name is None else view.of(User).named(user_name)


def _nobody(view: AccountView | None, claim: Claim) -> str:
    return nobody(view.account.id if view is not None else claim.account.lower(), claim.user_name or "")


def nobody(place: str, name: str) -> str:
    """The owner under which attempts for a user that does not exist are counted.

    It is a digest, because people sometimes type their password into the field for the name.
    """
    return "?" + hashlib.sha256(f"{place}\0{name_key(name)}".encode("utf-8", "surrogatepass")).hexdigest()
