"""The managed policies of permission sets: AWS managed ones, and customer managed ones by name.

https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetcustom.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Missing, TooMany
from carnet.catalog.managed_policies import managed_policy
from carnet.entities.permission_set import PermissionSet, PolicyReference
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.sso_admin import sentences
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.permission_set_operations import changes_permission_set, reads_permission_set
from carnet.services.sso_admin.permission_sets import save
from carnet.services.sso_admin.quotas import quotas_of


@changes_permission_set("AttachManagedPolicyToPermissionSet")
def attach_managed_policy(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Attach an AWS managed policy."""
    arn: str = given["ManagedPolicyArn"]
    check_aws_managed(one, arn)
    if arn in one.managed:
        raise sentences.managed_attached(one, arn)
    _check_room(call, held, one)
    save(call, one, replace(one, managed=(*one.managed, arn)))
    return {}


@changes_permission_set("DetachManagedPolicyFromPermissionSet")
def detach_managed_policy(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Detach an AWS managed policy."""
    arn: str = given["ManagedPolicyArn"]
    if arn not in one.managed:
        raise sentences.managed_missing(one, arn)
    save(call, one, replace(one, managed=tuple(each for each in one.managed if each != arn)))
    return {}


@reads_permission_set("ListManagedPoliciesInPermissionSet")
def list_managed_policies(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """The AWS managed policies, by ARN."""
    found = page(call.paging, "ListManagedPoliciesInPermissionSet", sorted(one.managed), given, key=str)
    return found.answer("AttachedManagedPolicies", lambda arn: {"Name": arn.rpartition("/")[2], "Arn": arn})


@changes_permission_set("AttachCustomerManagedPolicyReferenceToPermissionSet")
def attach_customer_policy(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Attach a customer managed policy by its name. Each account must have it when the set is provisioned there."""
    reference = reference_of(given["CustomerManagedPolicyReference"])
    if reference in one.customer:
        raise sentences.customer_attached(one, reference)
    _check_room(call, held, one)
    save(call, one, replace(one, customer=(*one.customer, reference)))
    return {}


@changes_permission_set("DetachCustomerManagedPolicyReferenceFromPermissionSet")
def detach_customer_policy(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Detach a customer managed policy."""
    reference = reference_of(given["CustomerManagedPolicyReference"])
    if reference not in one.customer:
        raise sentences.customer_missing(one, reference)
    save(call, one, replace(one, customer=tuple(each for each in one.customer if each != reference)))
    return {}


@reads_permission_set("ListCustomerManagedPolicyReferencesInPermissionSet")
def list_customer_policies(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """The customer managed policies, by path and name."""
    operation = "ListCustomerManagedPolicyReferencesInPermissionSet"
    references = sorted(one.customer, key=_sort_key)
    return page(call.paging, operation, references, given, key=_sort_key).answer(
        "CustomerManagedPolicyReferences", shown_reference
    )


def reference_of(given: Mapping[str, str]) -> PolicyReference:
    """The reference in a request's CustomerManagedPolicyReference."""
    return PolicyReference(given["Name"], given.get("Path", "/"))


def shown_reference(reference: PolicyReference) -> dict[str, str]:
    """The reference as it is answered."""
    return {"Name": reference.name, "Path": reference.path}


def check_aws_managed(one: PermissionSet, arn: str) -> None:
    """Raise Missing unless it is an AWS managed policy that roles may have."""
    policy = managed_policy(arn)
    if policy is None or policy.partition != one.partition or not policy.attachable:
        raise Missing(sentences.POLICY_MISSING)


def _sort_key(reference: PolicyReference) -> str:
    return reference.path + reference.name


def _check_room(call: Call, held: Held, one: PermissionSet) -> None:
    most = quotas_of(call, held.view).policies_per_permission_set
    if len(one.managed) + len(one.customer) >= most:
        raise TooMany(f"A permission set can have at most {most} managed policies.")
