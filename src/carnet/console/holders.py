"""Those who sign in in a browser: IAM users and root users, with what they prove it by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from carnet.audit.sign_in_events import Who
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.browser_session import USUAL_LENGTH, HolderKind
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.entities.user import User

HolderEntity = User | Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who can sign in, at one revision."""

    kind: HolderKind
    view: AccountView
    entity: HolderEntity

    @property
    def id(self) -> str:
        return self.entity.id

    @property
    def account(self) -> str:
        return self.view.account.id

    @property
    def name(self) -> str:
        """What the holder is called: the root user by its email address."""
        return self.entity.email if isinstance(self.entity, Account) else self.entity.name

    @property
    def profile(self) -> LoginProfile | None:
        """The password; None if the holder has none, and so cannot sign in by one."""
        return self.view.of(LoginProfile).get(self.id)

    @property
    def devices(self) -> tuple[MfaDevice, ...]:
        """The MFA devices, one of which has to be used at each sign-in."""
        return self.view.mfa_devices_of(self.id)

    @property
    def apps(self) -> tuple[MfaDevice, ...]:
        """The devices that make one-time codes."""
        return tuple(device for device in self.devices if device.kind is MfaKind.VIRTUAL)

    @property
    def passkeys(self) -> tuple[MfaDevice, ...]:
        """The passkeys and security keys."""
        return tuple(device for device in self.devices if device.kind is MfaKind.FIDO)

    @property
    def session_length(self) -> timedelta:
        """How long one stays signed in."""
        profile = self.profile
        seconds = profile.max_session_seconds if profile is not None else None
        return USUAL_LENGTH if seconds is None else timedelta(seconds=seconds)

    @property
    def needs_mfa(self) -> bool:
        """Whether nobody is signed in without MFA: then a first device is enrolled at the first sign-in."""
        return False

    @property
    def who(self) -> Who:
        """The holder as events name it."""
        if isinstance(self.entity, Account):
            return Who(type="Root", account=self.account, principal_id=self.account, arn=self.entity.root_arn)
        return Who(
            type="IAMUser",
            account=self.account,
            name=self.entity.name,
            principal_id=self.entity.id,
            arn=self.entity.arn,
        )


def find_holder(snapshot: Snapshot, account: str, kind: HolderKind, holder: str) -> Holder | None:
    """The holder of that unique id; None if it is gone, or its account closed."""
    view = snapshot.open_account(account)
    if view is None:
        return None
    found = _entity(view, kind, holder)
    return Holder(kind=kind, view=view, entity=found) if found is not None else None


def _entity(view: AccountView, kind: HolderKind, holder: str) -> HolderEntity | None:
    match kind:
        case HolderKind.ROOT:
            return view.account if holder == view.account.id else None
        case HolderKind.USER:
            return view.of(User).get(holder)
        case HolderKind.PERSON:
            return None


def proven_at(holder: Holder | None, password_set: datetime | None) -> Holder | None:
    """The same, if its password is still the one that was set then: whoever knew another one has proven nothing."""
    profile = holder.profile if holder is not None else None
    return holder if profile is not None and profile.changed == password_set else None
