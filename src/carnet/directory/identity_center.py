"""Instances of IAM Identity Center, and the contents of their identity stores, at one revision.

Everything of an instance is in the view of the account that owns it.
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.base.folding import folded
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account_assignment import PrincipalType
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.identity_center_instance import IDENTITY_CENTER, Instance, identity_store_of, store_of_resource
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser, external_key
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.request_signing import RequestSigning
from carnet.entities.sso_application import ENABLED, ApplicationAssignment, SsoApplication, application_assignment_id


def instance_of_store(snapshot: Snapshot, identity_store: str) -> Instance | None:
    """The instance whose identity store has that id; None also if its owner's account is closed."""
    instance = snapshot.named(Instance, identity_store)
    return None if instance is None or snapshot.open_account(instance.account) is None else instance


def instance_called(snapshot: Snapshot, instance_id: str) -> Instance | None:
    """The instance of that id, as `instance_of_store`."""
    instance = instance_of_store(snapshot, identity_store_of(instance_id))
    return instance if instance is not None and instance.id == instance_id else None


def own_instance(view: AccountView) -> Instance | None:
    """The instance that an account owns."""
    return next(iter(view.of(Instance)), None)


def request_signing(view: AccountView) -> RequestSigning | None:
    """The keys that sign the requests to the external identity provider of the account's own instance."""
    return next(iter(view.of(RequestSigning)), None)


def external_provider(view: AccountView) -> ExternalIdentityProvider | None:
    """The external identity provider of the instance that an account owns; None if people sign in by passwords."""
    return next(iter(view.of(ExternalIdentityProvider)), None)


def visible_instances(snapshot: Snapshot, account: str) -> Iterator[Instance]:
    """The instance of the organization that an account is in, then that of the account itself if it is another.

    Raises Unavailable as `Snapshot.organization_of`.
    """
    organization = snapshot.organization_of(account)
    owners = [account] if organization is None else [organization.organization.management, account]
    for owner in dict.fromkeys(owners):
        view = snapshot.open_account(owner)
        instance = own_instance(view) if view is not None else None
        if instance is not None and (owner == account or instance.organization is not None):
            yield instance


def is_administrator(snapshot: Snapshot, instance: Instance, account: str) -> bool:
    """Whether an instance is administered from an account: the owner, or its organization's delegated administrator.

    Raises Unavailable as `Snapshot.organization_of`.
    https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
    """
    if instance.account == account:
        return True
    organization = snapshot.organization_of(account)
    if organization is None or organization.scope.id != instance.organization:
        return False
    return IDENTITY_CENTER in organization.of(OrganizationAccount).by_id[account].delegations


def person(snapshot: Snapshot, user: str) -> IdentityStoreUser | None:
    """The person of that id in any identity store, whether or not the person is disabled."""
    instance = instance_of_store(snapshot, store_of_resource(user))
    return None if instance is None else snapshot.accounts[instance.account].of(IdentityStoreUser).get(user)


def user_named(view: AccountView, user_name: str) -> IdentityStoreUser | None:
    """The person of that user name, in whatever case it is written; `view` is that of the owner."""
    return view.of(IdentityStoreUser).named(folded(user_name))


def user_with_email(view: AccountView, email: str) -> IdentityStoreUser | None:
    """The person of that email address, in whatever case it is written."""
    return next(iter(view.of(IdentityStoreUser).referring("email", folded(email))), None)


def user_with_external_id(view: AccountView, issuer: str, key: str) -> IdentityStoreUser | None:
    """The person that an issuer knows by that id."""
    return next(iter(view.of(IdentityStoreUser).referring("external_id", external_key(issuer, key))), None)


def group_named(view: AccountView, display_name: str) -> IdentityStoreGroup | None:
    """The group of that display name, in whatever case it is written."""
    return view.of(IdentityStoreGroup).named(folded(display_name))


def group_with_external_id(view: AccountView, issuer: str, key: str) -> IdentityStoreGroup | None:
    """The group that an issuer knows by that id."""
    return next(iter(view.of(IdentityStoreGroup).referring("external_id", external_key(issuer, key))), None)


def memberships_of_user(view: AccountView, user: str) -> tuple[IdentityStoreMembership, ...]:
    """The group memberships of the person of that id, by the membership's id."""
    return view.of(IdentityStoreMembership).referring("member", user)


def memberships_in_group(view: AccountView, group: str) -> tuple[IdentityStoreMembership, ...]:
    """The memberships in the group of that id, by the membership's id."""
    return view.of(IdentityStoreMembership).referring("group", group)


def application_at(snapshot: Snapshot, arn: str) -> SsoApplication | None:
    """The application of an ARN, of any instance; None also for a text that is no ARN, and as for `instance_called`."""
    instance_id, _, application_id = arn.rpartition(":application/")[2].partition("/")
    instance = instance_called(snapshot, instance_id)
    found = snapshot.accounts[instance.account].of(SsoApplication).get(application_id) if instance is not None else None
    return found if found is not None and found.arn == arn else None


def may_use(view: AccountView, application: SsoApplication, user: str) -> bool:
    """Whether the person of that id may use an application; `view` is that of the instance's owner."""
    if application.status != ENABLED:
        return False
    if not application.assignment_required:
        return True
    principals = [(PrincipalType.USER, user)]
    principals += [(PrincipalType.GROUP, membership.group) for membership in memberships_of_user(view, user)]
    assignments = view.of(ApplicationAssignment)
    return any(assignments.get(application_assignment_id(application.id, *each)) is not None for each in principals)
