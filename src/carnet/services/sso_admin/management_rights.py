"""In the management account, AWS provisions with the IAM rights of who asks for it, not with those of its own role.

Otherwise whoever may administer permission sets could take any permission in the account that owns all others.

https://docs.aws.amazon.com/singlesignon/latest/userguide/iam-auth-access-using-id-policies.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnet.access.authorize import Check
from carnet.base.faults import Fault
from carnet.entities.permission_set import PermissionSet
from carnet.entities.role import Role
from carnet.entities.saml_provider import SamlProvider
from carnet.services.operation import Call
from carnet.services.reserved_roles import (
    boundary_of,
    future_role_arn,
    policies_of,
    provider_arn,
    provider_name,
)
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.provisioning import provisioned_in
from carnet.services.target import AnyTarget, Keys

ALL_ACCOUNTS = "ALL_PROVISIONED_ACCOUNTS"


def may_provision(call: Call, given: Mapping[str, Any], target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """For `also=` of operations that provision a role, in the account TargetId or in all accounts that have one."""
    if isinstance(target.found, Fault):
        return
    held, one = target.found
    management = held.instance.account
    of_all = given["TargetType"] == ALL_ACCOUNTS and provisioned_in(held, one, management) is not None
    if call.account == management and (of_all or given.get("TargetId") == management):
        yield from _of_provisioning(call, held, one)


def may_withdraw(call: Call, given: Mapping[str, Any], target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """For `also=` of operations that may remove a role from the account TargetId."""
    if isinstance(target.found, Fault):
        return
    held, one = target.found
    role = _role_of(call, held, one)
    if role is None or call.account != given["TargetId"]:
        return
    yield from (_check(role.arn, "DetachRolePolicy", role, arn) for arn in role.attached)
    yield from (_check(role.arn, "DeleteRolePolicy", role) for _ in role.inline)
    yield _check(role.arn, "DeleteRole", role)


def _of_provisioning(call: Call, held: Held, one: PermissionSet) -> Iterator[Check]:
    """The permissions for the changes that provisioning makes, and for no others."""
    account, role = held.instance.account, _role_of(call, held, one)
    attached, boundary = tuple(policies_of(one, account)), boundary_of(one, account)
    if role is None:
        arn = future_role_arn(held.instance, account, one)
        if call.view.of(SamlProvider).named(provider_name(held.instance, account).lower()) is None:
            provider = provider_arn(held.instance, account)
            yield Check(action="iam:CreateSAMLProvider", resource=provider, resource_account=account)
        keys = {} if boundary is None else {"iam:PermissionsBoundary": boundary}
        yield Check(action="iam:CreateRole", resource=arn, resource_account=account, keys=keys)
        yield from (_attach_role_policy(arn, account, each, boundary) for each in attached)
        if one.inline is not None:
            yield Check(action="iam:PutRolePolicy", resource=arn, resource_account=account, keys=keys)
        return
    yield _check(role.arn, "UpdateRole", role)
    yield from (
        _attach_role_policy(role.arn, account, each, boundary) for each in attached if each not in role.attached
    )
    yield from (_check(role.arn, "DetachRolePolicy", role, each) for each in role.attached if each not in attached)
    if one.inline is not None and one.inline not in role.inline.values():
        yield _check(role.arn, "PutRolePolicy", role)
    if one.inline is None and role.inline:
        yield _check(role.arn, "DeleteRolePolicy", role)
    if boundary != role.boundary:
        action = "DeleteRolePermissionsBoundary" if boundary is None else "PutRolePermissionsBoundary"
        yield Check(
            action=f"iam:{action}",
            resource=role.arn,
            resource_account=account,
            keys={}
            if (boundary or role.boundary) is None
            else {"iam:PermissionsBoundary": boundary or role.boundary or ""},
        )


def _role_of(call: Call, held: Held, one: PermissionSet) -> Role | None:
    """The permission set's role in the management account, if the caller is in that account."""
    provisioned = provisioned_in(held, one, held.instance.account)
    return None if provisioned is None or held.delegated else held.view.of(Role).get(provisioned.role)


def _attach_role_policy(role_arn: str, account: str, policy: str, boundary: str | None) -> Check:
    keys = {"iam:PolicyARN": policy} | ({} if boundary is None else {"iam:PermissionsBoundary": boundary})
    return Check(action="iam:AttachRolePolicy", resource=role_arn, resource_account=account, keys=keys)


def _check(role_arn: str, operation: str, role: Role, policy: str | None = None) -> Check:
    keys = {} if role.boundary is None else {"iam:PermissionsBoundary": role.boundary}
    if policy is not None:
        keys = {**keys, "iam:PolicyARN": policy}
    return Check(action=f"iam:{operation}", resource=role_arn, resource_account=role.account, keys=keys)
