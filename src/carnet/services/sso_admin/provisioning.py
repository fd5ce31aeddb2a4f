"""Provisioning: a permission set becomes a role in an account, with a SAML provider that the role trusts.

https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocreatepermissionset.html
"""

from __future__ import annotations

from carnet.access.gather import find_managed_policy
from carnet.base.faults import TooMany
from carnet.directory.account_view import AccountView
from carnet.directory.assignments import administers
from carnet.entities.account_assignment import provisioned_id
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.entities.role import Role
from carnet.entities.saml_provider import SamlProvider
from carnet.services.operation import Call, WriteCall
from carnet.services.reserved_roles import boundary_of, new_provider, new_role, policies_of, provider_name, renewed
from carnet.services.sso_admin import sentences
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.durations import duration_seconds
from carnet.services.sso_admin.quotas import quotas_of


def provisioned_in(held: Held, one: PermissionSet, account: str) -> ProvisionedPermissionSet | None:
    """The permission set as it is provisioned in an account."""
    return held.view.of(ProvisionedPermissionSet).get(provisioned_id(one.id, account))


def is_latest(held: Held, provisioned: ProvisionedPermissionSet) -> bool:
    """Whether the provisioned role is up to date with the permission set."""
    one = held.view.of(PermissionSet).get(provisioned.permission_set)
    return one is not None and one.content_hash == provisioned.content_hash


def account_of(call: Call, held: Held, account: str) -> AccountView:
    """The account to provision: an active one of the instance's organization. Raises Missing for others."""
    view = call.snapshot.open_account(account)
    if view is None or not administers(call.snapshot, held.instance, account):
        raise sentences.account_missing(account)
    return view


def provision(call: WriteCall, held: Held, one: PermissionSet, view: AccountView) -> str | None:
    """Bring the role of a permission set in an account up to date, or make it; why not, in AWS's words, if it cannot.

    Sessions of the role go on. Raises TooMany for more permission sets than an account may have.
    """
    account = view.account
    wanted = [*policies_of(one, account.id), boundary_of(one, account.id)]
    missing = [arn for arn in wanted if arn is not None and find_managed_policy(view, arn) is None]
    if missing:
        return sentences.policy_unsupported(missing[0])
    before = provisioned_in(held, one, account.id)
    role = view.of(Role).get(before.role) if before is not None else None
    if role is None:
        _check_room(call, held, account.id)
        role = _make_role(call, held, one, view)
    elif role != (after := renewed(role, one)):
        call.store.save(after)
    provisioned = ProvisionedPermissionSet(
        account=held.instance.account,
        instance=held.instance.id,
        permission_set=one.id,
        target=account.id,
        role=role.id,
        content_hash=one.content_hash,
        session_seconds=duration_seconds(one.session_duration),
        relay_state=one.relay_state,
        provisioned=call.now,
    )
    if before is None:
        call.store.add(provisioned)
    else:
        call.store.save(provisioned)
    return None


def withdraw(call: WriteCall, held: Held, provisioned: ProvisionedPermissionSet) -> None:
    """Remove a permission set's role from an account, which ends its sessions; with the last role the provider, too."""
    call.store.remove(provisioned)
    view = call.snapshot.account(provisioned.target)
    if view is None:
        return
    role = view.of(Role).get(provisioned.role)
    if role is not None:
        call.store.remove(role)
    if len(held.view.of(ProvisionedPermissionSet).referring("target", provisioned.target)) == 1:
        provider = view.of(SamlProvider).named(provider_name(held.instance, provisioned.target).lower())
        if provider is not None:
            call.store.remove(provider)


def _make_role(call: WriteCall, held: Held, one: PermissionSet, view: AccountView) -> Role:
    """A new role, and its provider, unless an earlier role has brought that."""
    account = view.account
    if view.of(SamlProvider).named(provider_name(held.instance, account.id).lower()) is None:
        call.store.add(new_provider(call.ids, held.instance, account, call.now))
    role = new_role(call.ids, held.instance, account, one, call.now)
    call.store.add(role)
    return role


def _check_room(call: WriteCall, held: Held, account: str) -> None:
    most = quotas_of(call, held.view).permission_sets_per_account
    if len(held.view.of(ProvisionedPermissionSet).referring("target", account)) >= most:
        raise TooMany(f"At most {most} permission sets can be provisioned in an account.")
