"""What administrators do about people that AWS has in its console alone: their MFA devices, passwords and sessions.

`POST /console/people` takes `{"action": ..., "userId": ...}`, of whoever is signed in as a principal of the account
that owns the instance, or of its delegated administrator. The action is the permission that it needs.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from carnet.audit.steps import Arrived
from carnet.base.faults import Missing
from carnet.base.timestamps import iso_seconds
from carnet.console.administrators import Administrator, name_of, read_action
from carnet.console.outcomes import Told
from carnet.console.own_devices import check_fresh
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser
from carnet.directory.account_view import AccountView
from carnet.directory.assignments import assignments_of
from carnet.directory.identity_center import is_administrator, visible_instances
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import BrowserSession
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.server.own_api.problems import Problem
from carnet.services.execution import Done
from carnet.services.mailed_invitations import MAILING, set_up
from carnet.services.oauth_sessions import end_sessions
from carnet.services.person_invitations import MailedLink, WantedInvitation, invite
from carnet.services.preparing import Preparation
from carnet.store.unit_of_work import UnitOfWork

_Id = Annotated[str, Meta(max_length=64)]
_LINK = timedelta(hours=24)
_NOT_BY_DELEGATE = "This user has access to the management account: only that account changes how the user signs in."


class _Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", tag_field="action"):
    user_id: _Id


class ListDevices(_Action, frozen=True, kw_only=True, tag="sso-directory:ListMfaDevicesForUser"):
    """List the MFA devices of a person."""


class DeleteDevice(_Action, frozen=True, kw_only=True, tag="sso-directory:DeleteMfaDeviceForUser"):
    """Delete a device, which ends the sessions that used it."""

    device_id: _Id


class UpdatePassword(_Action, frozen=True, kw_only=True, tag="sso-directory:UpdatePassword"):
    """Make a link by which the person sets a new password."""

    remove_mfa: bool = False
    mail: bool = False
    """Whether the link goes to the person's email address, and is not answered."""


class ListSessions(_Action, frozen=True, kw_only=True, tag="identitystore-auth:ListSessions"):
    """List the browsers in which the person is signed in."""


class DeleteSessions(_Action, frozen=True, kw_only=True, tag="identitystore-auth:BatchDeleteSession"):
    """Sign the person out in some of them, and end what clients were let do there."""

    session_ids: Annotated[tuple[_Id, ...], Meta(max_length=50)]


PeopleAction = ListDevices | DeleteDevice | UpdatePassword | ListSessions | DeleteSessions
_ACTIONS: msgspec.json.Decoder[PeopleAction] = msgspec.json.Decoder(PeopleAction)


async def people_action(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser) -> Told:
    """Carry out an action. Raises Problem, Denied, Missing.

    What would let somebody else sign in as the person needs a sign-in of now: a browser may have been left alone.
    """
    given = read_action(_ACTIONS, arrived.http.body, "a person")
    if isinstance(given, UpdatePassword | DeleteDevice):
        check_fresh(arrived, browser)
    by = Administrator(parts=parts, arrived=arrived, browser=browser)
    action = _Acting(by=by, given=given)
    if isinstance(given, UpdatePassword) and given.mail:
        action = replace(action, mailed=await _mail(action))
    if isinstance(given, ListDevices | ListSessions):
        view, person = await by.now(action.permitted)
        return Told(members=_credentials_of(view, person, given), event=action.event(), account=view.account.id)
    await by.now(action.permitted)
    return await by.make(action)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Acting:
    """An action of a signed-in administrator."""

    by: Administrator
    given: PeopleAction
    mailed: MailedLink | None = None
    """The link that the person has by mail already."""

    def permitted(self, snapshot: Snapshot) -> tuple[AccountView, IdentityStoreUser]:
        """The person, if the caller may do this at that revision. Raises Problem, Denied, Missing.

        INVARIANT: who may not is told nothing of whom there is.
        """
        account = self.by.check(snapshot, name_of(self.given))
        person = _administered_person(snapshot, account, self.given.user_id)
        if person is None:
            raise Missing("No identity store that this account administers has such a user.")
        view = snapshot.accounts[person.account]
        if isinstance(self.given, UpdatePassword | DeleteDevice) and person.account != account:
            _check_delegate(view, person)
        return view, person

    def event(self) -> dict[str, Any]:
        """The audit event."""
        shown = {key: value for key, value in msgspec.to_builtins(self.given).items() if key != "action"}
        return self.by.event(name_of(self.given), shown)

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: whether the caller may is decided at the locked revision."""
        view, person = self.permitted(snapshot)
        return Done(answer=self._change(unit, snapshot, view, person), event=self.event(), decided=())

    def _change(
        self, unit: UnitOfWork, snapshot: Snapshot, view: AccountView, person: IdentityStoreUser
    ) -> Mapping[str, Any]:
        match self.given:
            case DeleteDevice(device_id=device_id):
                device = view.of(PersonMfaDevice).get(device_id)
                if device is None or device.holder != person.id:
                    raise Missing("The user has no such MFA device.")
                unit.remove(device)
            case DeleteSessions(session_ids=wanted):
                for session in view.of(BrowserSession).referring("holder", person.id):
                    if session.id in wanted:
                        end_sessions(unit, view, person.id, session.id)
                        unit.remove(session)
            case UpdatePassword(remove_mfa=remove_mfa):
                invitation = WantedInvitation(
                    account=view.account.id, user=person.id, lifetime=_LINK, remove_mfa=remove_mfa
                )
                made = invite(self.by.transaction(unit, snapshot), invitation, self.mailed)
                expires = iso_seconds(made.invitation.expires)
                if made.mailed:
                    return {"mailed": True, "expires": expires}
                return {"link": made.link(self.by.parts.origin.url), "expires": expires}
        return {}


async def _mail(action: _Acting) -> MailedLink:
    """Send a link to the person, if the caller may. Raises as `permitted`, and Invalid, Unsent, Unavailable."""
    by = action.by
    view, person = await by.now(action.permitted)
    snapshot, now = by.parts.execution.directory.snapshot, by.arrived.time
    mailer = set_up(by.parts.mailer)

    def work(_: object, __: object) -> MailedLink:
        return mailer.mail(snapshot, account=view.account.id, user=person.id, expires=now + _LINK, now=now)

    mailed: MailedLink = await by.prepare(Preparation(pool=MAILING, work=work))
    return mailed


def _administered_person(snapshot: Snapshot, account: str, user: str) -> IdentityStoreUser | None:
    """The person of that id, in an identity store that is administered from an account."""
    for instance in visible_instances(snapshot, account):
        found = snapshot.accounts[instance.account].of(IdentityStoreUser).get(user)
        if found is not None and is_administrator(snapshot, instance, account):
            return found
    return None


def _check_delegate(view: AccountView, person: IdentityStoreUser) -> None:
    """Raise Problem for a person with access to the management account: a delegate could sign in as that person.

    INVARIANT: nobody gets by a delegation what it leaves to the management account.
    """
    if any(each.target == view.account.id for each in assignments_of(view, person.id)):
        raise Problem(403, "AccessDenied", _NOT_BY_DELEGATE)


def _credentials_of(view: AccountView, person: IdentityStoreUser, given: ListDevices | ListSessions) -> dict[str, Any]:
    if isinstance(given, ListDevices):
        devices = view.of(PersonMfaDevice).referring("holder", person.id)
        return {
            "devices": [
                {"deviceId": each.id, "name": each.name, "kind": each.kind, "created": iso_seconds(each.created)}
                for each in devices
            ]
        }
    sessions = view.of(BrowserSession).referring("holder", person.id)
    return {
        "sessions": [
            {
                "sessionId": each.id,
                "created": iso_seconds(each.created),
                "expires": iso_seconds(each.expires),
                "sourceIp": each.address,
                "userAgent": each.user_agent,
            }
            for each in sessions
        ]
    }
