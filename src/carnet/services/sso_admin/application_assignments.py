"""Assignments of people and groups to applications.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateApplicationAssignment.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import AlreadyExists, Missing
from carnet.directory.identity_center import memberships_of_user
from carnet.entities.account_assignment import PrincipalType
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.sso_application import ApplicationAssignment, SsoApplication, application_assignment_id
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.sso_admin import application_targets as targets
from carnet.services.sso_admin.application_targets import filtered_account, keys_in_instance
from carnet.services.sso_admin.applications import save
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.targets import instance, primary_region


@sso_admin.write("CreateApplicationAssignment", on=targets.application, context=(keys_in_instance,))
def create_application_assignment(
    call: WriteCall, given: Mapping[str, Any], holder: Held, one: SsoApplication
) -> Answer:
    """Assign a person or a group to an application."""
    kind = PrincipalType(given["PrincipalType"])
    entity = IdentityStoreUser if kind is PrincipalType.USER else IdentityStoreGroup
    if holder.view.of(entity).get(given["PrincipalId"]) is None:
        raise Missing(f"Could not find {kind} {given['PrincipalId']}")
    assignment = ApplicationAssignment(
        account=holder.instance.account,
        instance=holder.instance.id,
        application=one.id,
        principal_type=kind,
        principal=given["PrincipalId"],
        created=call.now,
    )
    if holder.view.of(ApplicationAssignment).get(assignment.id) is not None:
        raise AlreadyExists(f"{kind} {assignment.principal} is assigned to the application already.")
    call.store.add(assignment)
    return {}


@sso_admin.write("DeleteApplicationAssignment", on=targets.application, context=(keys_in_instance,))
def delete_application_assignment(
    call: WriteCall, given: Mapping[str, Any], holder: Held, one: SsoApplication
) -> Answer:
    """Remove an assignment."""
    call.store.remove(_find_assignment(holder, one, given))
    return {}


@sso_admin.read("DescribeApplicationAssignment", on=targets.application, context=(keys_in_instance,))
def describe_application_assignment(call: Call, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """Whether the principal itself is assigned; an assignment of a group does not count for its members."""
    return _assignment_members(one.arn, _find_assignment(holder, one, given))


@sso_admin.read("ListApplicationAssignments", on=targets.application, context=(keys_in_instance,))
def list_application_assignments(call: Call, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """The principals that are assigned to an application."""
    assignments = holder.view.of(ApplicationAssignment).referring("application", one.id)
    found = page(call.paging, "ListApplicationAssignments", assignments, given, key=lambda each: each.id)
    return found.answer("ApplicationAssignments", lambda each: _assignment_members(one.arn, each))


@sso_admin.read("ListApplicationAssignmentsForPrincipal", on=instance, context=(primary_region, filtered_account))
def list_application_assignments_for_principal(call: Call, given: Mapping[str, Any], holder: Held) -> Answer:
    """The applications of a group, or of a person: directly, and as a member of groups."""
    wanted = given.get("Filter", {}).get("ApplicationArn")
    kind, principal = PrincipalType(given["PrincipalType"]), given["PrincipalId"]
    principals = {(kind, principal)}
    if kind is PrincipalType.USER:
        memberships = memberships_of_user(holder.view, principal)
        principals |= {(PrincipalType.GROUP, membership.group) for membership in memberships}
    arns = {each.id: each.arn for each in holder.view.of(SsoApplication)}
    every = holder.view.of(ApplicationAssignment)
    assignments = [
        each for kind, of in principals for each in every.referring("principal", of) if each.principal_type is kind
    ]
    found = page(
        call.paging,
        "ListApplicationAssignmentsForPrincipal",
        sorted(assignments, key=lambda each: each.id),
        given,
        key=lambda each: each.id,
        matching=lambda each: each.application in arns and wanted in (None, arns[each.application]),
    )
    return found.answer("ApplicationAssignments", lambda each: _assignment_members(arns[each.application], each))


@sso_admin.write("PutApplicationAssignmentConfiguration", on=targets.application, context=(keys_in_instance,))
def put_assignment_configuration(
    call: WriteCall, given: Mapping[str, Any], holder: Held, one: SsoApplication
) -> Answer:
    """Set whether an application requires an assignment."""
    save(call, one, replace(one, assignment_required=given["AssignmentRequired"]))
    return {}


@sso_admin.read("GetApplicationAssignmentConfiguration", on=targets.application, context=(keys_in_instance,))
def get_assignment_configuration(call: Call, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """Whether an application requires an assignment."""
    return {"AssignmentRequired": one.assignment_required}


def _find_assignment(holder: Held, one: SsoApplication, given: Mapping[str, Any]) -> ApplicationAssignment:
    key = application_assignment_id(one.id, given["PrincipalType"], given["PrincipalId"])
    found = holder.view.of(ApplicationAssignment).get(key)
    if found is None:
        raise Missing(f"{given['PrincipalType']} {given['PrincipalId']} is not assigned to the application.")
    return found


def _assignment_members(application: str, one: ApplicationAssignment) -> dict[str, object]:
    return {"ApplicationArn": application, "PrincipalId": one.principal, "PrincipalType": one.principal_type}
