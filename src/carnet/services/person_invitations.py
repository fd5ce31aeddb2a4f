"""Passwords of people in identity stores. A person sets one by a link that can be used once.

https://docs.aws.amazon.com/singlesignon/latest/userguide/resetpassword.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from carnet.base.faults import Denied, Invalid, Missing, Unavailable, Unsent
from carnet.base.ids import Ids
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, own_instance, user_named
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.person_invitation import INVITATION_TOKEN, PersonInvitation
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import NOT_AGAIN, PERSON_RULE, PersonPassword
from carnet.entities.token_form import TOKEN_BYTES
from carnet.identity.passwords import HashedPassword, Passwords
from carnet.services.operator_event import operator_event
from carnet.services.transaction import OperatorCall, Transaction
from carnet.store.unit_of_work import UnitOfWork

INVITED = "/console/invited"
"""The page where the password is set. The token is behind a `#`, which browsers send to no server."""
_ELSEWHERE = "People of this identity store sign in with an external identity provider, and have no passwords here."
_NOT_GOOD = (
    "This link is not good: it was never given, is used, was replaced, or has expired. "
    "Whoever gave it to you can give you another."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """A stored invitation, and its token, which is shown once."""

    invitation: PersonInvitation
    person: IdentityStoreUser
    token: str = field(repr=False)
    mailed: bool = False
    """Whether the link was sent to the person by mail. Then it is shown to nobody else."""

    def link(self, public_url: str) -> str:
        """What the person opens in a browser."""
        return link_of(self.token, public_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedInvitation:
    """Who is to be invited, and how."""

    account: str
    user: str
    """A user name, or the id of a user."""
    lifetime: timedelta
    remove_mfa: bool


class MailedLink(NamedTuple):
    """A link that was sent to a person by mail. It is valid as soon as `invite` has stored it."""

    token: str
    person: str
    """The id of the user."""
    address: str


class HashedForPerson(NamedTuple):
    """A person's password, hashed."""

    account: str
    before: PersonPassword | None
    """The person's password at the time when the new one was hashed; None if there was none."""
    hashed: HashedPassword


def link_of(token: str, public_url: str) -> str:
    """The address that a browser opens to use a token."""
    return f"{public_url}{INVITED}#{token}"


def invite(transaction: Transaction, wanted: WantedInvitation, mailed: MailedLink | None = None) -> NewInvitation:
    """Let whoever has the token set the password of a person. Raises Missing, Invalid.

    Raises Unsent if the link was mailed to another person or another address. The caller writes the audit event.
    """
    snapshot, account, now = transaction.snapshot, wanted.account, transaction.now
    person = invited_person(snapshot, account, wanted.user)
    if mailed is not None and (person.id, person.email) != (mailed.person, mailed.address):
        raise Unsent("The user was changed while the mail was sent, and its link is not good; try again.")
    token = mailed.token if mailed is not None else new_token(transaction.ids)
    digest = INVITATION_TOKEN.digest(token)
    assert digest is not None, "it has the form of a token"
    invitation = PersonInvitation(
        id=person.id,
        account=account,
        digest=digest,
        remove_mfa=wanted.remove_mfa,
        created=now,
        expires=now + wanted.lifetime,
    )
    if snapshot.accounts[account].of(PersonInvitation).get(person.id) is None:
        transaction.unit.add(invitation)
    else:
        transaction.unit.save(invitation)
    return NewInvitation(invitation=invitation, person=person, token=token, mailed=mailed is not None)


def new_token(ids: Ids) -> str:
    """A new random token."""
    return INVITATION_TOKEN.text(ids.random(TOKEN_BYTES))


def invited_person(snapshot: Snapshot, account: str, user: str) -> IdentityStoreUser:
    """The person of that user name or id. Raises Missing, and Invalid if people of this instance do not sign in by
    passwords."""
    view = snapshot.open_account(account)
    if view is None or own_instance(view) is None:
        raise Missing(f"The account {account} has no instance of IAM Identity Center: carnet sso enable makes it.")
    if external_provider(view) is not None:
        raise Invalid(_ELSEWHERE)
    person = view.of(IdentityStoreUser).get(user) or user_named(view, user)
    if person is None:
        raise Missing(
            f"The identity store of account {account} has no user {user}: aws identitystore create-user makes one."
        )
    return person


def invite_here(call: OperatorCall, wanted: WantedInvitation, mailed: MailedLink | None = None) -> NewInvitation:
    """Invite a person as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        made = invite(transaction, wanted, mailed)
        transaction.unit.audit(operator_event("InvitePerson", told(made), call.now))
    return made


def told(made: NewInvitation) -> dict[str, object]:
    """The members of an invitation in answers and in the audit log."""
    invitation = made.invitation
    by_mail = {"mailed": True} if made.mailed else {}
    return {
        "account": invitation.account,
        "userId": invitation.id,
        "removeMfa": invitation.remove_mfa,
        "expires": iso_seconds(invitation.expires),
        **by_mail,
    }


def hash_person_password(
    snapshot: Snapshot, passwords: Passwords, *, token: str, password: str, now: datetime
) -> HashedForPerson:
    """Hash a new password of the person whom the token invites. It takes long. Raises Denied, Invalid.

    INVARIANT: nothing is hashed without a valid token.
    """
    view, invitation = _good(snapshot, token, now)
    if not PersonPassword.allows(password):
        raise Invalid(PERSON_RULE)
    before = view.of(PersonPassword).get(invitation.id)
    account = view.account.id
    hashed = passwords.hashed(password, account=account, owner=invitation.id, before=before)
    return HashedForPerson(account, before, hashed)


def set_person_password(
    unit: UnitOfWork, snapshot: Snapshot, made: HashedForPerson, *, token: str, now: datetime
) -> IdentityStoreUser:
    """Set the password and use up the token. Raises Denied, Invalid, Unavailable.

    INVARIANT: the token is looked up at the locked revision, so that it is used once, whichever nodes are asked.
    """
    view, invitation = _good(snapshot, token, now)
    password = view.of(PersonPassword).get(invitation.id)
    if password != made.before:
        raise Unavailable("The password was changed meanwhile; try again.")
    if made.hashed.passwords_ago is not None and made.hashed.passwords_ago <= NOT_AGAIN:
        raise Invalid(PERSON_RULE)
    sealed, account = made.hashed.sealed, view.account.id
    if password is None:
        unit.add(PersonPassword(id=invitation.id, account=account, sealed_hashes=sealed, created=now, changed=now))
    else:
        unit.save(replace(password, sealed_hashes=sealed, changed=now, reset_required=False))
    if invitation.remove_mfa:
        for device in view.of(PersonMfaDevice).referring("holder", invitation.id):
            unit.remove(device)
    unit.remove(invitation)
    return view.of(IdentityStoreUser).by_id[invitation.id]


def _good(snapshot: Snapshot, token: str, now: datetime) -> tuple[AccountView, PersonInvitation]:
    digest = INVITATION_TOKEN.digest(token)
    invitation = snapshot.named(PersonInvitation, digest) if digest is not None else None
    view = snapshot.open_account(invitation.account) if invitation is not None else None
    if view is None or invitation is None or not invitation.is_good(now):
        raise Denied(_NOT_GOOD)
    if view.of(IdentityStoreUser).get(invitation.id) is None or external_provider(view) is not None:
        raise Denied(_NOT_GOOD)
    return view, invitation
