"""A new password for a holder who has to set one at a sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from carnet.access.authorize import Check
from carnet.audit.sign_in_events import NEW_PASSWORD, sign_in_event
from carnet.audit.steps import Arrived
from carnet.console.callers import decide, flow_caller
from carnet.console.changes import StepChange
from carnet.console.entering import enter, failure, holder_at
from carnet.console.flow import Flow
from carnet.console.given import SetPassword
from carnet.console.holders import Holder
from carnet.console.outcomes import NOT_CHANGED, Refusal, expired
from carnet.console.parts import ConsoleParts
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.login_profile import LoginProfile
from carnet.entities.person_password import NOT_AGAIN, PERSON_RULE, PersonPassword
from carnet.entities.user import User
from carnet.identity.passwords import HashedPassword
from carnet.services.execution import Done
from carnet.services.iam.new_passwords import HASHING
from carnet.services.preparing import Preparation
from carnet.services.turns import whose
from carnet.store.unit_of_work import UnitOfWork


async def hash_new(parts: ConsoleParts, arrived: Arrived, flow: Flow, given: SetPassword) -> SettingPassword:
    """Hash another password, for who may set it. INVARIANT: nothing is hashed for others."""
    holder = holder_at(parts.execution.directory.snapshot, flow)
    profile = holder.profile
    assert profile is not None, "it was proven by one"
    if not await _may_set_now(parts, arrived, flow, given.password):
        raise _refusal(parts, arrived, holder)

    def work(_: object, __: object) -> HashedPassword:
        passwords = parts.execution.parts.passwords
        return passwords.hashed(given.password, account=holder.account, owner=holder.id, before=profile)

    hashing = Preparation(pool=HASHING, work=work)
    hashed = await parts.pools.run(hashing, None, None, whose(flow.account, arrived.http.peer))
    return SettingPassword(
        parts=parts, arrived=arrived, flow=flow, hashed=hashed, before=profile, password=given.password
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingPassword(StepChange):
    """A new password, hashed before the change."""

    hashed: HashedPassword
    before: LoginProfile
    """The profile that it was hashed after."""
    password: str = field(repr=False)

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: the policies, and the passwords before it, are those at the locked revision."""
        holder = holder_at(snapshot, self.flow)
        if holder.profile != self.before:
            raise expired()
        may = _may_set(self.parts, self.arrived, snapshot, holder, self.flow, self.password)
        if not may or _was_used(holder, self.hashed):
            raise _refusal(self.parts, self.arrived, holder)
        now = self.arrived.time
        profile = replace(self.before, sealed_hashes=self.hashed.sealed, changed=now, reset_required=False)
        unit.save(profile)
        unit.audit(sign_in_event(self.arrived, holder.who, name=NEW_PASSWORD, to=self.parts.origin.url))
        flow = self.flow.but(password_set=now, must_change=False)
        return enter(self.parts, unit, snapshot, self.arrived, holder, flow)


async def _may_set_now(parts: ConsoleParts, arrived: Arrived, flow: Flow, password: str) -> bool:
    return await parts.deciding(
        lambda snapshot: _may_set(parts, arrived, snapshot, holder_at(snapshot, flow), flow, password),
        flow.account,
        arrived.http.peer,
        partial(holder_at, flow=flow),
    )


def _may_set(
    parts: ConsoleParts, arrived: Arrived, snapshot: Snapshot, holder: Holder, flow: Flow, password: str
) -> bool:
    """Whether the holder may have that password, and may set one: a user by its policies, others their own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_enable-user-change.html
    """
    account = holder.view.account
    if isinstance(holder.entity, IdentityStoreUser):
        return PersonPassword.allows(password)
    if isinstance(holder.entity, Account):
        return account.allows_root_password(password)
    if not isinstance(holder.entity, User) or not account.allows_user_password(password):
        return False
    caller = flow_caller(snapshot, holder, flow, arrived.time)
    if caller is None:
        return False
    check = Check(action="iam:ChangePassword", resource=holder.entity.arn, resource_account=holder.account)
    decided = decide(parts.execution.parts.engine, snapshot, caller, arrived.http, arrived.time, check)
    return decided.decision.allowed


def _was_used(holder: Holder, hashed: HashedPassword) -> bool:
    """Whether it is the present password, or one that the account's policy does not let be used again."""
    policy = holder.view.account.password_policy if isinstance(holder.entity, User) else None
    remembered = policy.reuse_prevention if policy is not None else None
    if isinstance(holder.entity, IdentityStoreUser):
        remembered = NOT_AGAIN
    return hashed.passwords_ago is not None and hashed.passwords_ago <= max(1, remembered or 0)


def _refusal(parts: ConsoleParts, arrived: Arrived, holder: Holder) -> Refusal:
    sentence = PERSON_RULE if isinstance(holder.entity, IdentityStoreUser) else NOT_CHANGED
    return Refusal("PasswordRefused", sentence, failure(parts, arrived, holder, sentence), 400)
