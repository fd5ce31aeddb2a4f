"""Reads policies, groups, users and roles, as GetAccountAuthorizationDetails describes them.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UserDetail.html

What only AWS makes (ids, dates, counts) is passed over. The members that AWS's form lacks are AccessKeys and
LoginProfile of a user, Description, MaxSessionDuration and MaxSigninSessionDuration of a role, and PolicyDocument and
Tags of a policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from carnet.base import ids
from carnet.entities.entity import Documents, name_key
from carnet.entities.managed_policy import AWS_ACCOUNT
from carnet.entities.role import RESERVED_PATH, SERVICE_LINKED_PATH
from carnet.policy.case_documents import document_text
from carnet.policy.case_members import Members, Misread, as_list
from carnet.provisioning.keys import read_keys
from carnet.provisioning.members import Place, as_text, check_arn, items, tags, text, whole
from carnet.provisioning.wanted import (
    NO_LIMIT,
    WantedGroup,
    WantedPassword,
    WantedPolicy,
    WantedProfile,
    WantedRole,
    WantedUser,
)

_POLICY = (
    *("PolicyName", "Path", "Description", "PolicyDocument", "PolicyVersionList", "Tags"),
    *("PolicyId", "Arn", "DefaultVersionId", "AttachmentCount", "PermissionsBoundaryUsageCount", "IsAttachable"),
    *("CreateDate", "UpdateDate"),
)
_VERSION = ("Document", "VersionId", "IsDefaultVersion", "CreateDate")
_GROUP = ("GroupName", "Path", "GroupPolicyList", "AttachedManagedPolicies", "GroupId", "Arn", "CreateDate")
_PRINCIPAL = ("Path", "AttachedManagedPolicies", "PermissionsBoundary", "Tags", "Arn", "CreateDate")
_USER = ("UserName", *_PRINCIPAL, "UserPolicyList", "GroupList", "AccessKeys", "LoginProfile", "UserId")
_LOGIN_PROFILE = ("Password", "PasswordResetRequired")
_ROLE = (
    *("RoleName", *_PRINCIPAL, "AssumeRolePolicyDocument", "RolePolicyList", "InstanceProfileList", "Description"),
    *("MaxSessionDuration", "MaxSigninSessionDuration", "RoleId", "RoleLastUsed"),
)
_PROFILE = ("InstanceProfileName", "Path", "Tags", "InstanceProfileId", "Arn", "CreateDate", "Roles")
_ATTACHED = ("PolicyName", "PolicyArn")
_BOUNDARY = ("PermissionsBoundaryType", "PermissionsBoundaryArn")
_INLINE = ("PolicyName", "PolicyDocument")
_ID_TAIL = "[A-Z0-9]{12,124}"
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html"""


def read_policy(value: object, place: Place) -> Iterator[WantedPolicy | str]:
    """A customer-managed policy; AWS's own are there already."""
    given = Members.of(value, place.path, known=_POLICY)
    if str(given.get("Arn")).startswith(f"arn:{place.partition}:iam::{AWS_ACCOUNT}:"):
        return
    name, path = given.text("PolicyName"), text(given, "Path")
    check_arn(given, place, "policy", path, name)
    earlier, later = _other_versions(given) if place.copied else ((), ())
    yield WantedPolicy(
        place=place.path,
        account=place.account,
        name=name,
        path=path,
        description=text(given, "Description"),
        document=_version_in_force(given),
        tags=tags(given),
        unique_id=_unique_id(given, "PolicyId", ids.POLICY, place),
        earlier=earlier,
        later=later,
    )


def read_group(value: object, place: Place) -> Iterator[WantedGroup | str]:
    """A group."""
    given = Members.of(value, place.path, known=_GROUP)
    yield WantedGroup(**_holder(given, place, "group", "GroupName", "GroupPolicyList", "GroupId", ids.GROUP))


def read_user(value: object, place: Place) -> Iterator[WantedUser | str]:
    """A user."""
    given = Members.of(value, place.path, known=_USER)
    groups = given.get("GroupList")
    names = None if groups is None else as_list(groups, given.at("GroupList"))
    yield WantedUser(
        **_holder(given, place, "user", "UserName", "UserPolicyList", "UserId", ids.USER),
        **_principal(given),
        groups=None
        if names is None
        else tuple(as_text(name, f"{given.at('GroupList')}[{at}]") for at, name in enumerate(names)),
        keys=read_keys(given, "AccessKeys"),
        password=_password(given),
    )


def _password(given: Members) -> WantedPassword | None:
    if given.get("LoginProfile") is None:
        return None
    profile = Members.of(given.get("LoginProfile"), given.at("LoginProfile"), known=_LOGIN_PROFILE)
    return WantedPassword(text=profile.text("Password"), reset_required=profile.flag("PasswordResetRequired"))


def read_role(value: object, place: Place) -> Iterator[WantedRole | str]:
    """A role; one that is linked to a service, or of IAM Identity Center, is made by that service."""
    given = Members.of(value, place.path, known=_ROLE)
    if (text(given, "Path") or "").startswith((SERVICE_LINKED_PATH, RESERVED_PATH)):
        yield f"role {given.text('RoleName')} of account {place.account}: AWS's services make their roles themselves"
        return
    yield WantedRole(
        **_holder(given, place, "role", "RoleName", "RolePolicyList", "RoleId", ids.ROLE),
        **_principal(given),
        trust=_document(given.required("AssumeRolePolicyDocument"), given.at("AssumeRolePolicyDocument")),
        description=text(given, "Description"),
        max_session_seconds=_seconds(given, "MaxSessionDuration"),
        max_signin_seconds=_signin_seconds(given),
        profiles=_profiles(given, place),
    )


def _seconds(given: Members, name: str) -> int | None:
    value = given.get(name)
    return None if value is None else whole(value, given.at(name))


def _signin_seconds(given: Members) -> int | None:
    """None if nothing is said of it, NO_LIMIT if there shall be none."""
    name = "MaxSigninSessionDuration"
    if name not in given.values:
        return None
    seconds = _seconds(given, name)
    return NO_LIMIT if seconds is None else seconds


def _holder(
    given: Members, place: Place, kind: str, name_member: str, inline_member: str, id_member: str, prefix: str
) -> dict[str, Any]:
    name, path = given.text(name_member), text(given, "Path")
    check_arn(given, place, kind, path, name)
    return {
        "place": place.path,
        "account": place.account,
        "name": name,
        "path": path,
        "attached": _attached_arns(given),
        "inline": _inline(given, inline_member),
        "unique_id": _unique_id(given, id_member, prefix, place),
    }


def _unique_id(given: Members, name: str, prefix: str, place: Place) -> str | None:
    """The id of a copy; None for one that is no id of that kind, and if no copy is made."""
    found = text(given, name) if place.copied else None
    return found if found is not None and re.fullmatch(prefix + _ID_TAIL, found) else None


def _principal(given: Members) -> dict[str, Any]:
    return {"boundary": _boundary(given), "tags": tags(given)}


def _attached_arns(given: Members) -> tuple[str, ...] | None:
    """The ARNs in AttachedManagedPolicies."""
    if given.get("AttachedManagedPolicies") is None:
        return None
    arns = [
        Members.of(each, path, known=_ATTACHED).text("PolicyArn")
        for each, path in items(given, "AttachedManagedPolicies")
    ]
    return tuple(dict.fromkeys(arns))


def _inline(given: Members, name: str) -> Documents | None:
    if given.get(name) is None:
        return None
    found: dict[str, str] = {}
    for each, path in items(given, name):
        policy = Members.of(each, path, known=_INLINE)
        policy_name = policy.text("PolicyName")
        if name_key(policy_name) in map(name_key, found):
            raise Misread.at(policy.at("PolicyName"), f"is {policy_name} a second time")
        found[policy_name] = _document(policy.required("PolicyDocument"), policy.at("PolicyDocument"))
    return found


def _boundary(given: Members) -> str | None:
    """None if nothing is said of it, empty if there shall be none."""
    if "PermissionsBoundary" not in given.values:
        return None
    value = given.get("PermissionsBoundary")
    return (
        "" if value is None else Members.of(value, given.at("PermissionsBoundary"), known=_BOUNDARY).text(_BOUNDARY[1])
    )


def _profiles(given: Members, place: Place) -> tuple[WantedProfile, ...] | None:
    if given.get("InstanceProfileList") is None:
        return None
    found: list[WantedProfile] = []
    for each, path in items(given, "InstanceProfileList"):
        profile = Members.of(each, path, known=_PROFILE)
        name = profile.text("InstanceProfileName")
        unique_id = _unique_id(profile, "InstanceProfileId", ids.INSTANCE_PROFILE, place)
        found.append(WantedProfile(name=name, path=text(profile, "Path"), tags=tags(profile), unique_id=unique_id))
    return tuple(found)


def _version_in_force(given: Members) -> str:
    """PolicyDocument, or the document of the default version in PolicyVersionList."""
    if (document := given.get("PolicyDocument")) is not None:
        return _document(document, given.at("PolicyDocument"))
    for each, path in items(given, "PolicyVersionList"):
        version = Members.of(each, path, known=_VERSION)
        if version.flag("IsDefaultVersion"):
            return _document(version.required("Document"), version.at("Document"))
    raise Misread.at(given.path, "has neither a PolicyDocument nor a default version in PolicyVersionList")


def _other_versions(given: Members) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The documents of the versions before and after the default one, each the oldest first; AWS's list is the other
    way round.
    """
    earlier: list[str] = []
    later: list[str] = []
    into = later
    for each, path in items(given, "PolicyVersionList"):
        version = Members.of(each, path, known=_VERSION)
        if version.flag("IsDefaultVersion"):
            into = earlier
        else:
            into.append(_document(version.required("Document"), version.at("Document")))
    return tuple(reversed(earlier)), tuple(reversed(later))


def _document(value: object, path: str) -> str:
    """The text of a policy document: an object, or text, which the API itself escapes as in a URL."""
    if isinstance(value, str):
        return unquote(value) if value.startswith("%7B") else value
    if not isinstance(value, Mapping):
        raise Misread.at(path, "must be a policy document: an object, or a string of JSON")
    try:
        return document_text(value)
    except TypeError as problem:
        raise Misread.at(path, f"is no policy document: {problem}") from problem
