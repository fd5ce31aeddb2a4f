"""Account assignments.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.directory.assignments import assignments_of
from carnet.entities.account_assignment import AccountAssignment, PrincipalType, assignment_id, provisioned_id
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioning_request import RequestKind
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.sso_admin import sentences, targets
from carnet.services.sso_admin.callers import Held, check_administers
from carnet.services.sso_admin.management_rights import may_provision, may_withdraw
from carnet.services.sso_admin.provisioning import account_of, provision, provisioned_in, withdraw
from carnet.services.sso_admin.requests import begun
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.targets import and_account, and_instance, primary_region


@sso_admin.write(
    "CreateAccountAssignment",
    on=targets.permission_set,
    also=(
        *and_instance("CreateAccountAssignment"),
        *and_account("CreateAccountAssignment", "TargetId"),
        may_provision,
    ),
    context=(primary_region,),
)
def create_account_assignment(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Assign a permission set in an account to a person or a group, and provision it there."""
    check_administers(held, given["TargetId"])
    view = account_of(call, held, given["TargetId"])
    assignment = AccountAssignment(
        account=held.instance.account,
        instance=held.instance.id,
        permission_set=one.id,
        target=view.account.id,
        principal_type=PrincipalType(given["PrincipalType"]),
        principal=given["PrincipalId"],
        created=call.now,
    )
    failure = _unknown_assignee(held, assignment.principal_type, assignment.principal)
    failure = failure or provision(call, held, one, view)
    if failure is None and held.view.of(AccountAssignment).get(assignment.id) is None:
        call.store.add(assignment)
    return {"AccountAssignmentCreationStatus": begun(call, held, RequestKind.CREATION, one, given, failure)}


@sso_admin.write(
    "DeleteAccountAssignment",
    on=targets.permission_set,
    also=(
        *and_instance("DeleteAccountAssignment"),
        *and_account("DeleteAccountAssignment", "TargetId"),
        may_withdraw,
    ),
    context=(primary_region,),
)
def delete_account_assignment(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Remove the assignment of a permission set in an account; its role is removed with the last assignment."""
    check_administers(held, given["TargetId"])
    failure = _delete_assignment(call, held, one, given)
    return {"AccountAssignmentDeletionStatus": begun(call, held, RequestKind.DELETION, one, given, failure)}


def _delete_assignment(call: WriteCall, held: Held, one: PermissionSet, given: Mapping[str, Any]) -> str | None:
    """Delete the assignment, if there is one; returns AWS's sentence if there is none."""
    target: str = given["TargetId"]
    provisioned = provisioned_in(held, one, target)
    if provisioned is None:
        return sentences.provision_missing(target)
    assignments = held.view.of(AccountAssignment)
    assignment = assignments.get(assignment_id(one.id, target, given["PrincipalType"], given["PrincipalId"]))
    if assignment is None:
        return sentences.assignment_missing()
    call.store.remove(assignment)
    if len(assignments.referring("provisioned", provisioned.id)) == 1:
        withdraw(call, held, provisioned)
    return None


@sso_admin.read(
    "ListAccountAssignments",
    on=targets.permission_set,
    also=(*and_instance("ListAccountAssignments"), *and_account("ListAccountAssignments", "AccountId")),
    context=(primary_region,),
)
def list_account_assignments(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """The principals that are assigned a permission set in an account."""
    provisioned = provisioned_id(one.id, given["AccountId"])
    assignments = held.view.of(AccountAssignment).referring("provisioned", provisioned)
    found = page(call.paging, "ListAccountAssignments", assignments, given, key=lambda each: each.id)
    return found.answer("AccountAssignments", lambda each: _assignment_members(held, each))


@sso_admin.read("ListAccountAssignmentsForPrincipal", on=targets.organization_instance, context=(primary_region,))
def list_account_assignments_for_principal(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """The assignments of a group, or of a person: directly, and as a member of groups."""
    principal: str = given["PrincipalId"]
    if given["PrincipalType"] == PrincipalType.USER:
        assignments = {each.id: each for each in assignments_of(held.view, principal)}
    else:
        of_group = held.view.of(AccountAssignment).referring("principal", principal)
        assignments = {each.id: each for each in of_group if each.principal_type is PrincipalType.GROUP}
    account = given.get("Filter", {}).get("AccountId")
    found = page(
        call.paging,
        "ListAccountAssignmentsForPrincipal",
        [assignments[key] for key in sorted(assignments)],
        given,
        key=lambda each: each.id,
        matching=lambda each: account is None or each.target == account,
    )
    return found.answer("AccountAssignments", lambda each: _assignment_members(held, each))


def _unknown_assignee(held: Held, kind: PrincipalType, principal: str) -> str | None:
    """AWS's sentence if the person or group does not exist; None otherwise."""
    entity = IdentityStoreUser if kind is PrincipalType.USER else IdentityStoreGroup
    if held.view.of(entity).get(principal) is not None:
        return None
    return sentences.assignee_missing(kind, principal, held.instance.identity_store)


def _assignment_members(held: Held, one: AccountAssignment) -> dict[str, object]:
    permission_set = held.view.of(PermissionSet).get(one.permission_set)
    return {
        "AccountId": one.target,
        "PermissionSetArn": permission_set.arn if permission_set is not None else "",
        "PrincipalType": one.principal_type,
        "PrincipalId": one.principal,
    }
