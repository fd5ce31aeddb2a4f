"""The holders of browser sessions, with their credentials: IAM users, root users, and people of Identity Center."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from carnet.audit.sign_in_events import Who
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, own_instance
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.browser_session import PERSON_LENGTH, USUAL_LENGTH, HolderKind
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from carnet.entities.user import User
from carnet.policy.request import Principal, PrincipalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A session of a role or of a federated user that has signed in by a URL."""

    principal: Principal

    @property
    def id(self) -> str:
        return self.principal.id


HolderEntity = User | Account | IdentityStoreUser | Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A holder that can sign in, at one revision."""

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
        """The holder's name; the root user's is its email address."""
        match self.entity:
            case Account(email=email):
                return email
            case User(name=name) | IdentityStoreUser(user_name=name):
                return name
            case Visitor(principal=principal):
                return principal.arn.rpartition(":")[2]

    @property
    def profile(self) -> LoginProfile | None:
        """The password; None if the holder has none, and so cannot sign in with one."""
        if isinstance(self.entity, IdentityStoreUser):
            return self.view.of(PersonPassword).get(self.id)
        return self.view.of(LoginProfile).get(self.id)

    @property
    def devices(self) -> tuple[MfaDevice, ...]:
        """The MFA devices, one of which has to be used at each sign-in."""
        if isinstance(self.entity, IdentityStoreUser):
            return self.view.of(PersonMfaDevice).referring("holder", self.id)
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
        """The duration of a sign-in."""
        if isinstance(self.entity, IdentityStoreUser):
            return PERSON_LENGTH
        profile = self.profile
        seconds = profile.max_session_seconds if profile is not None else None
        return USUAL_LENGTH if seconds is None else timedelta(seconds=seconds)

    @property
    def needs_mfa(self) -> bool:
        """Whether nobody is signed in without MFA: then a first device is enrolled at the first sign-in."""
        return isinstance(self.entity, IdentityStoreUser)

    @property
    def who(self) -> Who:
        """The holder as events name it."""
        match self.entity:
            case Account(id=account, root_arn=arn):
                return Who(type="Root", account=account, principal_id=account, arn=arn)
            case User(name=name, id=user, arn=arn):
                return Who(type="IAMUser", account=self.account, name=name, principal_id=user, arn=arn)
            case IdentityStoreUser(id=person):
                instance = own_instance(self.view)
                store = instance.identity_store_arn if instance is not None else None
                on_behalf = {"userId": person, "identityStoreArn": store}
                return Who(
                    type="IdentityCenterUser",
                    account=self.account,
                    principal_id=person,
                    extra={"onBehalfOf": on_behalf},
                )
            case Visitor(principal=principal):
                kind = "AssumedRole" if principal.kind is PrincipalKind.ROLE_SESSION else "FederatedUser"
                return Who(type=kind, account=self.account, principal_id=principal.id, arn=principal.arn)


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
            person = view.of(IdentityStoreUser).get(holder)
            return person if person is not None and person.enabled else None
        case HolderKind.SESSION:
            return None  # who it is stands in the browser's session alone


def proven_at(holder: Holder | None, password_set: datetime | None, provider: str | None = None) -> Holder | None:
    """The same, if what was proven still counts: the password that was set then, or the word of an identity provider.

    INVARIANT: a person is who the identity source says, and nothing else counts: neither a password beside an external
    identity provider, nor the word of one that is not the identity source any more.
    """
    if holder is None:
        return None
    external = external_provider(holder.view) if holder.kind is HolderKind.PERSON else None
    if password_set is None or external is not None:
        vouched = external is not None and password_set is None and external.issuer == provider
        return holder if vouched else None
    return holder if holder.profile is not None and holder.profile.changed == password_set else None
