"""Where permission sets are provisioned, and provisioning them again.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ProvisionPermissionSet.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from carnet.base.faults import Invalid
from carnet.directory.account_view import AccountView
from carnet.directory.assignments import administers
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.entities.provisioning_request import RequestKind
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.sso_admin import targets
from carnet.services.sso_admin.callers import Held, check_administers
from carnet.services.sso_admin.management_rights import ALL_ACCOUNTS, may_provision
from carnet.services.sso_admin.permission_set_operations import reads_permission_set
from carnet.services.sso_admin.provisioning import account_of, is_latest, provision
from carnet.services.sso_admin.requests import begun
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.targets import and_account, and_instance, primary_region

_LATEST = "LATEST_PERMISSION_SET_PROVISIONED"


@sso_admin.write(
    "ProvisionPermissionSet",
    on=targets.permission_set_to_change,
    also=(
        *and_instance("ProvisionPermissionSet"),
        *and_account("ProvisionPermissionSet", "TargetId"),
        may_provision,
    ),
    context=(primary_region,),
)
def provision_permission_set(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Provision a permission set again in an account, assigned there or not, or in all accounts that have it."""
    views = list(_accounts(call, held, one, given))
    # An account where it fails keeps its role as it was; all others are updated.
    failures = [provision(call, held, one, view) for view in views]
    failure = next((each for each in failures if each is not None), None)
    return {"PermissionSetProvisioningStatus": begun(call, held, RequestKind.PROVISIONING, one, given, failure)}


def _accounts(call: Call, held: Held, one: PermissionSet, given: Mapping[str, Any]) -> Iterator[AccountView]:
    """The accounts to provision. Raises Invalid, Denied and Missing."""
    if given["TargetType"] != ALL_ACCOUNTS:
        if "TargetId" not in given:
            raise Invalid("TargetId is required for the TargetType AWS_ACCOUNT.")
        check_administers(held, given["TargetId"])
        yield account_of(call, held, given["TargetId"])
        return
    if "TargetId" in given:
        raise Invalid("TargetId cannot be given for the TargetType ALL_PROVISIONED_ACCOUNTS.")
    for each in held.view.of(ProvisionedPermissionSet).referring("permission_set", one.id):
        view = call.snapshot.open_account(each.target)
        if view is not None and administers(call.snapshot, held.instance, each.target):
            yield view


@reads_permission_set("ListAccountsForProvisionedPermissionSet")
def list_accounts(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """The accounts that a permission set is provisioned in."""
    found = page(
        call.paging,
        "ListAccountsForProvisionedPermissionSet",
        held.view.of(ProvisionedPermissionSet).referring("permission_set", one.id),
        given,
        key=lambda each: each.id,
        matching=_of_status(held, given),
    )
    return found.answer("AccountIds", lambda each: each.target)


@sso_admin.read(
    "ListPermissionSetsProvisionedToAccount",
    on=targets.organization_instance,
    also=and_account("ListPermissionSetsProvisionedToAccount", "AccountId"),
    context=(primary_region,),
)
def list_permission_sets(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """The permission sets that are provisioned in an account."""
    instance = held.instance
    found = page(
        call.paging,
        "ListPermissionSetsProvisionedToAccount",
        held.view.of(ProvisionedPermissionSet).referring("target", given["AccountId"]),
        given,
        key=lambda each: each.id,
        matching=_of_status(held, given),
    )
    beginning = f"arn:{instance.partition}:sso:::permissionSet/{instance.id}/"
    return found.answer("PermissionSets", lambda each: beginning + each.permission_set)


def _of_status(held: Held, given: Mapping[str, Any]) -> Callable[[ProvisionedPermissionSet], bool]:
    """Whether a provisioned permission set has the requested ProvisioningStatus."""
    status = given.get("ProvisioningStatus")
    return lambda each: status is None or is_latest(held, each) == (status == _LATEST)
