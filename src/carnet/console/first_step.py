"""The first step of a sign-in: who somebody says to be, and the password.

INVARIANT: whatever is wrong, the answer is the same and takes one hash: nobody learns here which accounts, addresses
and users there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from carnet.audit.sign_in_events import FAILED, NO_USER, Who, sign_in_event
from carnet.audit.steps import Arrived
from carnet.console.access_control import denied_before
from carnet.console.entering import asked, failure, next_stage
from carnet.console.flow import Flow, Stage
from carnet.console.given import GivePassword
from carnet.console.holders import Holder, find_holder
from carnet.console.outcomes import ELSEWHERE, INCORRECT, RESET_NEEDED, Refusal
from carnet.console.parts import ConsoleParts
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, instance_of_store, own_instance, user_named
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import is_account_id
from carnet.entities.browser_session import HolderKind
from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.identity.sign_in import Claim, KnownPassword, PasswordState, nobody
from carnet.services.iam.new_passwords import HASHING
from carnet.services.preparing import Preparation
from carnet.services.turns import Whose, whose

_TYPES = {HolderKind.USER: "IAMUser", HolderKind.ROOT: "Root", HolderKind.PERSON: "IdentityCenterUser"}


async def first_step(parts: ConsoleParts, arrived: Arrived, given: GivePassword) -> tuple[Flow, dict[str, Any] | None]:
    """The sign-in that begins, and what is asked for next; None if the password is enough.

    Raises Refusal, Refused (Throttling), Unavailable.
    """
    known = await (
        _known_person(parts, arrived, given) if given.kind is HolderKind.PERSON else _user(parts, arrived, given)
    )
    holder = known.holder
    if known.state is PasswordState.MUST_BE_RESET:
        raise Refusal("PasswordExpired", RESET_NEEDED, failure(parts, arrived, holder, RESET_NEEDED), 403)
    flow = Flow(
        kind=given.kind,
        account=holder.account,
        holder=holder.id,
        password_set=known.password_set,
        stage=Stage.MFA,
        started=arrived.time,
        must_change=known.state is PasswordState.MUST_CHANGE,
    )
    stage = next_stage(flow, holder)
    return flow, asked(parts, flow, holder, stage) if stage is not None else None


class _Known(NamedTuple):
    """Whose password was right."""

    holder: Holder
    password_set: datetime
    state: PasswordState


async def _user(parts: ConsoleParts, arrived: Arrived, given: GivePassword) -> _Known:
    """An IAM user or a root user."""
    snapshot = parts.execution.directory.snapshot
    claim = _claim(snapshot, arrived, given)
    denied = await parts.deciding(
        lambda present: _why_denied(parts, arrived, present, claim), claim.account, arrived.http.peer, lambda _: None
    )

    def check(_: object, __: object) -> KnownPassword | None:
        return parts.execution.parts.sign_ins.check(snapshot, claim, arrived.time)

    known: KnownPassword | None = await parts.pools.run(
        Preparation(pool=HASHING, work=check), None, None, _whose(arrived, given)
    )
    if known is None or denied is not None:
        who, problem = _failed_claim(snapshot, claim, given.kind)
        raise _refusal(parts, arrived, who, denied or problem)
    holder = Holder(kind=given.kind, view=snapshot.accounts[known.profile.account], entity=known.holder)
    return _Known(holder, known.profile.changed, known.state)


def _why_denied(parts: ConsoleParts, arrived: Arrived, snapshot: Snapshot, claim: Claim) -> str | None:
    """Why whoever it is may not sign in from here. A password is looked at nevertheless: the time tells nobody."""
    view = _account(snapshot, claim)
    if view is None:
        return None
    user = view.of(User).named(claim.user_name) if claim.user_name is not None else None
    claimed = (
        user.arn if user is not None else f"arn:{view.account.partition}:iam::{view.account.id}:user/{claim.user_name}"
    )
    if claim.user_name is None:
        claimed = view.account.root_arn
    return denied_before(parts.execution.parts.engine, snapshot, view, claimed, arrived.http, arrived.time)


async def _known_person(parts: ConsoleParts, arrived: Arrived, given: GivePassword) -> _Known:
    """A person of Identity Center. One who is disabled is nobody."""
    snapshot, name = parts.execution.directory.snapshot, given.name.strip()
    view = store_of(snapshot, given.account.strip())
    if view is not None and external_provider(view) is not None:
        raise Refusal("SignInFailed", ELSEWHERE, None, 403)
    person = user_named(view, name) if view is not None else None
    found = find_holder(snapshot, person.account, given.kind, person.id) if person is not None else None
    profile = found.profile if found is not None else None
    owner = person.id if person is not None else nobody(view.account.id if view is not None else "", name)

    def check(_: object, __: object) -> bool:
        sign_ins, peer = parts.execution.parts.sign_ins, arrived.http.peer
        return sign_ins.is_right(owner, profile, given.password, peer=peer, now=arrived.time)

    right = await parts.pools.run(Preparation(pool=HASHING, work=check), None, None, _whose(arrived, given))
    if not right or found is None or profile is None:
        account = view.account.id if view is not None else None
        who = found.who if found is not None else Who(type=_TYPES[given.kind], account=account)
        raise _refusal(parts, arrived, who, FAILED)
    return _Known(found, profile.changed, PasswordState.MUST_CHANGE if profile.reset_required else PasswordState.GOOD)


def _whose(arrived: Arrived, given: GivePassword) -> Whose:
    """Whose turns a sign-in has: by what was typed, so that the time tells nobody whether there is such an account."""
    return whose((given.account.strip() or given.name.strip()).lower(), arrived.http.peer)


def store_of(snapshot: Snapshot, store: str) -> AccountView | None:
    """The account whose identity store people sign in to: the one that is named, or the only one."""
    if store:
        instance = instance_of_store(snapshot, store)
        return snapshot.accounts[instance.account] if instance is not None else None
    found = [view for view in snapshot.accounts.values() if not view.closed and own_instance(view) is not None]
    return found[0] if len(found) == 1 else None


def _refusal(parts: ConsoleParts, arrived: Arrived, who: Who, problem: str) -> Refusal:
    event = sign_in_event(arrived, who, to=parts.origin.url, problem=problem)
    return Refusal("SignInFailed", INCORRECT, event)


def _claim(snapshot: Snapshot, arrived: Arrived, given: GivePassword) -> Claim:
    peer = arrived.http.peer
    if given.kind is HolderKind.USER:
        return Claim(account=given.account.strip(), user_name=given.name, password=given.password, peer=peer)
    found = _root_of(snapshot, given.name.strip(), given.account.strip())
    # An address is neither an id nor an alias, so nobody is found by it.
    account = found.account.id if found is not None else f"@{given.name}"
    return Claim(account=account, user_name=None, password=given.password, peer=peer)


def _root_of(snapshot: Snapshot, email: str, account: str) -> AccountView | None:
    """The account of an email address. Of several, that of the id that is given; None if none is given then."""
    found = [
        view
        for view in snapshot.with_email(email)
        if not view.closed and account in ("", view.account.id) and view.of(LoginProfile).get(view.account.id)
    ]
    return found[0] if len(found) == 1 else None


def _account(snapshot: Snapshot, claim: Claim) -> AccountView | None:
    return snapshot.open_account(claim.account) if is_account_id(claim.account) else snapshot.by_alias(claim.account)


def _failed_claim(snapshot: Snapshot, claim: Claim, kind: HolderKind) -> tuple[Who, str]:
    """Who the event of a failure names, and what it says went wrong: less than was typed, if nobody is called that."""
    view = _account(snapshot, claim)
    if view is None:
        return Who(type=_TYPES[kind], account=None), NO_USER
    if kind is HolderKind.ROOT:
        return Who(type="Root", account=view.account.id, principal_id=view.account.id), FAILED
    user = view.of(User).named(claim.user_name or "")
    if user is None:
        return Who(type="IAMUser", account=view.account.id), NO_USER
    return Who(type="IAMUser", account=view.account.id, name=user.name, principal_id=user.id, arn=user.arn), FAILED
