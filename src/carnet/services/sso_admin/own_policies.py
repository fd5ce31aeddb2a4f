"""The inline policy and the permissions boundary of a permission set: at most one of each.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PutInlinePolicyToPermissionSet.html
https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionsBoundary.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Invalid
from carnet.directory.identity_center import instance_called
from carnet.entities.permission_set import PermissionSet, PolicyReference
from carnet.policy.document import Grammar
from carnet.services.documents import POOL, ReadDocument, document, document_size, read_document
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.preparing import Preparation
from carnet.services.sso_admin import sentences
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.permission_set_operations import changes_permission_set, reads_permission_set
from carnet.services.sso_admin.permission_sets import save
from carnet.services.sso_admin.policies import check_aws_managed, reference_of, shown_reference
from carnet.services.sso_admin.quotas import quotas_of


def _parse_inline_policy(call: Call, given: Mapping[str, Any]) -> ReadDocument:
    instance = instance_called(call.snapshot, given["InstanceArn"].rpartition("/")[2])
    owner = call.view if instance is None else call.snapshot.accounts[instance.account]
    return read_document(given["InlinePolicy"], Grammar.IDENTITY, quotas_of(call, owner).permission_set_inline_size)


@changes_permission_set("PutInlinePolicyToPermissionSet", prepare=Preparation(pool=POOL, work=_parse_inline_policy))
def put_inline_policy(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Set the inline policy."""
    text: str = given["InlinePolicy"]
    most = quotas_of(call, held.view).permission_set_inline_size
    if (size := document_size(call, text)) > most:
        raise sentences.inline_too_long(size, most)
    document(call, text, Grammar.IDENTITY, one.partition)
    save(call, one, replace(one, inline=text))
    return {}


@reads_permission_set("GetInlinePolicyForPermissionSet")
def get_inline_policy(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """The inline policy, empty if there is none."""
    return {"InlinePolicy": one.inline or ""}


@changes_permission_set("DeleteInlinePolicyFromPermissionSet")
def delete_inline_policy(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Remove the inline policy."""
    if one.inline is None:
        raise sentences.inline_missing(one)
    save(call, one, replace(one, inline=None))
    return {}


@changes_permission_set("PutPermissionsBoundaryToPermissionSet")
def put_permissions_boundary(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Set the permissions boundary: an AWS managed policy, or a customer managed policy that each account has."""
    save(call, one, replace(one, boundary=_boundary(one, given["PermissionsBoundary"])))
    return {}


@reads_permission_set("GetPermissionsBoundaryForPermissionSet")
def get_permissions_boundary(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """The permissions boundary."""
    if one.boundary is None:
        raise sentences.boundary_missing(one)
    if isinstance(one.boundary, PolicyReference):
        return {"PermissionsBoundary": {"CustomerManagedPolicyReference": shown_reference(one.boundary)}}
    return {"PermissionsBoundary": {"ManagedPolicyArn": one.boundary}}


@changes_permission_set("DeletePermissionsBoundaryFromPermissionSet")
def delete_permissions_boundary(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Remove the permissions boundary."""
    if one.boundary is None:
        raise sentences.boundary_missing(one)
    save(call, one, replace(one, boundary=None))
    return {}


def _boundary(one: PermissionSet, given: Mapping[str, Any]) -> str | PolicyReference:
    """Raises Invalid unless it is exactly one of the two, Missing for an AWS managed policy that does not exist."""
    if len(given) != 1:
        raise Invalid("A permissions boundary is either ManagedPolicyArn or CustomerManagedPolicyReference.")
    if "CustomerManagedPolicyReference" in given:
        return reference_of(given["CustomerManagedPolicyReference"])
    arn: str = given["ManagedPolicyArn"]
    check_aws_managed(one, arn)
    return arn
