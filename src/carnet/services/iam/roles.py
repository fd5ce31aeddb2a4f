"""IAM roles.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from carnet.base.faults import InUse, TooMany, Unmodifiable
from carnet.base.ids import ROLE
from carnet.entities.acquired_role import AcquiredRole
from carnet.entities.role import Role
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.attachable import boundary_at
from carnet.services.iam.condition_keys import present_boundary, requested
from carnet.services.iam.kinds import ROLES
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.sign_in_duration import longest_sign_in
from carnet.services.iam.tagging import tags_of
from carnet.services.iam.trust import new_trust, trust_document
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page, path_filter
from carnet.services.request_tags import tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteRoleRequestTypeDef,
        GetRoleRequestTypeDef,
        ListRolesRequestTypeDef,
        UpdateAssumeRolePolicyRequestTypeDef,
        UpdateRoleDescriptionRequestTypeDef,
    )

_DEFAULT_SESSION_SECONDS = 3600
_DURATIONS = ("MaxSessionDuration", "MaxSigninSessionDuration", "ResetMaxSigninSessionDuration")
_LAST_USED_REACH = timedelta(days=400)
"""How far back RoleLastUsed looks."""


@iam.write(
    "CreateRole",
    on=targets.new_role,
    also=(tagged_on_creation("iam:TagRole"),),
    context=(requested,),
    prepare=trust_document("AssumeRolePolicyDocument"),
)
def create_role(call: WriteCall, given: Any) -> Answer:
    """Add a role without permissions. Its trust policy is bound to the principals that exist now."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(Role)) >= quotas.roles:
        raise TooMany(sentences.quota("RolesPerAccount", quotas.roles))
    trust = new_trust(call, given["AssumeRolePolicyDocument"])
    boundary = given.get("PermissionsBoundary")
    role = Role(
        id=call.ids.unique(ROLE),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["RoleName"],
        trust=trust.text,
        trusted_ids=trust.ids,
        description=given.get("Description"),
        max_session_seconds=given.get("MaxSessionDuration", _DEFAULT_SESSION_SECONDS),
        max_signin_seconds=given.get("MaxSigninSessionDuration"),
        boundary=boundary_at(call, boundary, holder=ROLES.word) if boundary is not None else None,
        tags=tags_of(call, ROLES, given) if "Tags" in given else {},
        created=call.now,
    )
    ROLES.add(call, role)
    return {"Role": shapes.created_role(role, given)}


@iam.read("GetRole", on=targets.role, context=(present_boundary,))
def get_role(call: Call, given: GetRoleRequestTypeDef, role: Role) -> Answer:
    """A role, with its last use."""
    source = source_template(call.view.of(AcquiredRole).get(role.id))
    return {"Role": shapes.role(call.snapshot, role) | last_used(call, role) | source}


def last_used(call: Call, role: Role) -> shapes.Structure:
    """The member RoleLastUsed, empty for a role that was not used in the last 400 days."""
    use = call.parts.last_used.role(role.id)
    recent = use is not None and use.when > call.now - _LAST_USED_REACH
    return shapes.role_last_used(use if recent else None)


def source_template(source: AcquiredRole | None) -> shapes.Structure:
    """The member SourceRoleTemplate; only roles that were made from a template have it."""
    if source is None:
        return {}
    template = {"TemplateArn": source.template, "TemplateMinorVersion": source.minor_version}
    return {"SourceRoleTemplate": template}


@iam.read("ListRoles", on=targets.list_roles)
def list_roles(call: Call, given: ListRolesRequestTypeDef) -> Answer:
    """The roles below PathPrefix, by name. As at AWS, lists do not say which of them were made from a template."""
    roles = page(
        call.paging,
        "ListRoles",
        call.view.of(Role).sorted(),
        given,
        key=lambda role: role.name_key,
        matching=path_filter(given),
        characters=lambda role: len(role.trust),
    )
    return roles.answer("Roles", lambda role: shapes.listed_role(call.snapshot, role))


@iam.write("UpdateRole", on=targets.role, context=(present_boundary,))
def update_role(call: WriteCall, given: Mapping[str, Any], role: Role) -> Answer:
    """Change a role's description and the longest durations of its sessions, as far as they are given.

    Of a service-linked role the description alone.
    """
    if role.linked_service is not None and not given.keys().isdisjoint(_DURATIONS):
        raise Unmodifiable(sentences.linked_duration_fixed(role.name))
    updated = replace(
        role,
        description=given.get("Description", role.description),
        max_session_seconds=given.get("MaxSessionDuration", role.max_session_seconds),
        max_signin_seconds=longest_sign_in(given, role.max_signin_seconds),
    )
    ROLES.save(call, role, updated)
    return {}


@iam.write("UpdateRoleDescription", on=targets.role, context=(present_boundary,))
def update_role_description(call: WriteCall, given: UpdateRoleDescriptionRequestTypeDef, role: Role) -> Answer:
    """Change a role's description."""
    described = replace(role, description=given["Description"])
    ROLES.save(call, role, described)
    return {"Role": shapes.short_role(call.snapshot, described)}


@iam.write(
    "UpdateAssumeRolePolicy",
    on=targets.role_to_change,
    context=(present_boundary,),
    prepare=trust_document("PolicyDocument"),
)
def update_assume_role_policy(call: WriteCall, given: UpdateAssumeRolePolicyRequestTypeDef, role: Role) -> Answer:
    """Replace a role's trust policy, and bind it to the principals that exist now."""
    trust = new_trust(call, given["PolicyDocument"])
    ROLES.save(call, role, replace(role, trust=trust.text, trusted_ids=trust.ids))
    return {}


@iam.write("DeleteRole", on=targets.role_to_change, context=(present_boundary,))
def delete_role(call: WriteCall, given: DeleteRoleRequestTypeDef, role: Role) -> Answer:
    """Remove a role that has no policies and is in no instance profile. Its sessions end with it."""
    for conflict in _conflicts(call, role):
        raise InUse(conflict)
    if (source := call.view.of(AcquiredRole).get(role.id)) is not None:
        call.store.remove(source)
    call.store.remove(role)
    return {}


def _conflicts(call: Call, role: Role) -> Iterator[str]:
    if call.view.profiles_of(role.id):
        yield sentences.REMOVE_FROM_PROFILES_FIRST
    if role.inline:
        yield sentences.DELETE_POLICIES_FIRST
    if role.attached:
        yield sentences.DETACH_POLICIES_FIRST
