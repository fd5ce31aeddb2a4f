"""What differs between what an account has and what is wanted, as the steps that lead there.

Permissions boundaries come before what they bound, and keys come last. A fault that is raised here tells what no
operation of AWS's can change.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from carnet.base.arns import iam_arn, root_arn
from carnet.base.bounded_json import loads
from carnet.base.faults import Unmodifiable
from carnet.directory.account_view import AccountView
from carnet.entities.entity import Documents, Tags, name_key, tag_list
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.login_profile import LoginProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.provisioning import families
from carnet.provisioning.families import Bounding, Family, Tagging
from carnet.provisioning.steps import Invoke, Step
from carnet.provisioning.wanted import (
    NO_LIMIT,
    WantedGroup,
    WantedHolder,
    WantedPolicy,
    WantedProfile,
    WantedRole,
    WantedUser,
)

_NOTHING: Mapping[str, str] = {}


def policy_steps(view: AccountView, wanted: WantedPolicy) -> Iterator[Step]:
    """The version in force gets the document that is wanted; raises Unmodifiable for another description or path."""
    policy = view.of(ManagedPolicy).named(name_key(wanted.name))
    if policy is None:
        documents = (*wanted.earlier, wanted.document, *wanted.later)
        given = {"PolicyName": wanted.name, "PolicyDocument": documents[0], "Description": wanted.description}
        yield create("CreatePolicy", given, wanted.path, wanted.tags, wanted.unique_id)
        arn = iam_arn(view.account.partition, wanted.account, f"policy{wanted.path or '/'}{wanted.name}")
        for number, document in enumerate(documents[1:], 1):
            in_force = number == len(wanted.earlier)
            yield invoke("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=document, SetAsDefault=in_force)
        return
    if wanted.path not in (None, policy.path):
        raise Unmodifiable(f"The path of a policy stays what it is: {policy.path}.")
    if wanted.description not in (None, policy.description):
        raise Unmodifiable("The description of a policy stays what it is.")
    yield from _version_steps(policy, wanted.document)
    yield from tag_steps(families.POLICY_TAGS, policy.arn, policy.tags, wanted.tags, str)


def _version_steps(policy: ManagedPolicy, document: str) -> Iterator[Step]:
    """A version that has the document already comes into force; else a new one, in place of the oldest of five."""
    if same_json(policy.document, document):
        return
    for version in policy.versions:
        if same_json(version.document, document):
            yield invoke("SetDefaultPolicyVersion", PolicyArn=policy.arn, VersionId=version.name)
            return
    idle = [version for version in policy.versions if version.number != policy.default_version]
    if len(policy.versions) >= _VERSIONS:
        yield invoke("DeletePolicyVersion", PolicyArn=policy.arn, VersionId=idle[0].name)
    yield invoke("CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=document, SetAsDefault=True)


_VERSIONS = 5
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html"""


def group_steps(view: AccountView, wanted: WantedGroup) -> Iterator[Step]:
    """A group and its policies."""
    group = view.of(Group).named(name_key(wanted.name))
    if group is None:
        yield create("CreateGroup", {"GroupName": wanted.name}, wanted.path, None, wanted.unique_id)
    elif wanted.path not in (None, group.path):
        yield invoke("UpdateGroup", GroupName=wanted.name, NewPath=wanted.path)
    yield from _policy_steps(families.GROUP, group, wanted)


def user_steps(view: AccountView, wanted: WantedUser) -> Iterator[Step]:
    """A user, its policies, its groups and its first password; not its keys."""
    user = view.of(User).named(name_key(wanted.name))
    if user is None:
        given = {"UserName": wanted.name, "PermissionsBoundary": wanted.boundary or None}
        yield create("CreateUser", given, wanted.path, wanted.tags, wanted.unique_id)
    else:
        if wanted.path not in (None, user.path):
            yield invoke("UpdateUser", UserName=wanted.name, NewPath=wanted.path)
        yield from _boundary_steps(families.USER_BOUNDARY, wanted.name, user.boundary, wanted.boundary)
        yield from tag_steps(families.USER_TAGS, wanted.name, user.tags, wanted.tags, name_key)
    yield from _policy_steps(families.USER, user, wanted)
    yield from _membership_steps(view, user, wanted)
    if wanted.password is not None and (user is None or view.of(LoginProfile).get(user.id) is None):
        password = wanted.password
        yield invoke(
            "CreateLoginProfile",
            UserName=wanted.name,
            Password=password.text,
            PasswordResetRequired=password.reset_required,
        )


def _membership_steps(view: AccountView, user: User | None, wanted: WantedUser) -> Iterator[Step]:
    if wanted.groups is None:
        return
    groups = [view.of(Group).get(each) for each in (user.groups if user is not None else ())]
    present = {group.name_key: group.name for group in groups if group is not None}
    named = {name_key(name): name for name in wanted.groups}
    for key in beyond(present, named):
        yield invoke("RemoveUserFromGroup", GroupName=present[key], UserName=wanted.name)
    for key in beyond(named, present):
        yield invoke("AddUserToGroup", GroupName=named[key], UserName=wanted.name)


def role_steps(view: AccountView, wanted: WantedRole) -> Iterator[Step]:
    """A role, its policies and its instance profiles; not the trust policy of one that is there.

    Raises Unmodifiable for another path.
    """
    role = view.of(Role).named(name_key(wanted.name))
    if role is None:
        given = {
            "RoleName": wanted.name,
            "AssumeRolePolicyDocument": _closed_trust_policy(view) if wanted.trust_later else wanted.trust,
            "Description": wanted.description,
            "MaxSessionDuration": wanted.max_session_seconds,
            "MaxSigninSessionDuration": None if wanted.max_signin_seconds == NO_LIMIT else wanted.max_signin_seconds,
            "PermissionsBoundary": wanted.boundary or None,
        }
        yield create("CreateRole", given, wanted.path, wanted.tags, wanted.unique_id)
    else:
        if wanted.path not in (None, role.path):
            raise Unmodifiable(f"The path of a role stays what it is: {role.path}.")
        yield from _boundary_steps(families.ROLE_BOUNDARY, wanted.name, role.boundary, wanted.boundary)
        yield from _setting_steps(role, wanted)
        yield from tag_steps(families.ROLE_TAGS, wanted.name, role.tags, wanted.tags, name_key)
    yield from _policy_steps(families.ROLE, role, wanted)
    yield from _profile_steps(view, role, wanted)


def _setting_steps(role: Role, wanted: WantedRole) -> Iterator[Step]:
    changed: dict[str, str | int] = {}
    if wanted.description not in (None, role.description):
        changed["Description"] = wanted.description
    if wanted.max_session_seconds not in (None, role.max_session_seconds):
        changed["MaxSessionDuration"] = wanted.max_session_seconds
    present = NO_LIMIT if role.max_signin_seconds is None else role.max_signin_seconds
    if wanted.max_signin_seconds == NO_LIMIT != present:
        changed["ResetMaxSigninSessionDuration"] = True
    elif wanted.max_signin_seconds not in (None, present):
        changed["MaxSigninSessionDuration"] = wanted.max_signin_seconds
    if changed:
        yield invoke("UpdateRole", RoleName=wanted.name, **changed)


def _closed_trust_policy(view: AccountView) -> str:
    """A trust policy that lets nobody in."""
    principal = {"AWS": root_arn(view.account.partition, view.account.id)}
    statement = {"Effect": "Deny", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _profile_steps(view: AccountView, role: Role | None, wanted: WantedRole) -> Iterator[Step]:
    if wanted.profiles is None:
        return
    holding = view.profiles_of(role.id) if role is not None else ()
    named = {name_key(profile.name) for profile in wanted.profiles}
    for held in holding:
        if held.name_key not in named:
            yield invoke("RemoveRoleFromInstanceProfile", InstanceProfileName=held.name, RoleName=wanted.name)
    for profile in wanted.profiles:
        there = view.of(InstanceProfile).named(name_key(profile.name))
        yield from _one_profile(there, profile)
        if there not in holding:
            yield invoke("AddRoleToInstanceProfile", InstanceProfileName=profile.name, RoleName=wanted.name)


def _one_profile(there: InstanceProfile | None, wanted: WantedProfile) -> Iterator[Step]:
    if there is None:
        given = {"InstanceProfileName": wanted.name}
        yield create("CreateInstanceProfile", given, wanted.path, wanted.tags, wanted.unique_id)
        return
    if wanted.path not in (None, there.path):
        raise Unmodifiable(f"The path of an instance profile stays what it is: {there.path}.")
    yield from tag_steps(families.PROFILE_TAGS, wanted.name, there.tags, wanted.tags, str)


def _policy_steps(family: Family, holder: User | Group | Role | None, wanted: WantedHolder) -> Iterator[Step]:
    """What changes the inline and attached policies of a holder, None for a new one."""
    named = {family.member: wanted.name}
    inline: Documents = holder.inline if holder is not None else _NOTHING
    for name in beyond(inline, wanted.inline):  # first, since all inline policies together have a quota
        yield invoke(family.delete, **named, PolicyName=name)
    for name, document in (wanted.inline or _NOTHING).items():
        if name not in inline or not same_json(inline[name], document):
            yield invoke(family.put, **named, PolicyName=name, PolicyDocument=document)
    attached = holder.attached if holder is not None else ()
    for arn in beyond(attached, wanted.attached):
        yield invoke(family.detach, **named, PolicyArn=arn)
    for arn in beyond(wanted.attached or (), attached):
        yield invoke(family.attach, **named, PolicyArn=arn)


def beyond(some: Iterable[str], others: Container[str] | None) -> list[str]:
    """Those that are not among the others; none if nothing is said of the others."""
    return [] if others is None else [one for one in some if one not in others]


def _boundary_steps(family: Bounding, name: str, present: str | None, wanted: str | None) -> Iterator[Step]:
    if wanted is None or wanted == (present or ""):
        return
    if wanted:
        yield invoke(family.put, **{family.member: name}, PermissionsBoundary=wanted)
    else:
        yield invoke(family.delete, **{family.member: name})


def tag_steps(family: Tagging, name: str, present: Tags, wanted: Tags | None, tag_key: Any) -> Iterator[Step]:
    """What changes the tags; `tag_key`: the form under which two keys are the same."""
    if wanted is None:
        return
    named = {family.member: name}
    kept = set(map(tag_key, wanted))
    if gone := [key for key in present if tag_key(key) not in kept]:
        yield invoke(family.untag, **named, TagKeys=gone)
    if new := {key: value for key, value in wanted.items() if present.get(key) != value}:
        yield invoke(family.tag, **named, Tags=tag_list(new))


def create(
    name: str, given: Mapping[str, Any], path: str | None, tags: Tags | None, unique_id: str | None = None
) -> Invoke:
    """The operation that makes what an entry wants; a member that is None is left out."""
    more = {"Path": path, "Tags": tag_list(tags) if tags else None}
    said = {member: value for member, value in {**given, **more}.items() if value is not None}
    return Invoke(name=name, given=said, unique_id=unique_id)


def invoke(name: str, **given: Any) -> Invoke:
    """An operation with its input."""
    return Invoke(name=name, given=given)


def same_json(one: str, other: str) -> bool:
    """Whether two texts hold the same JSON, numbers as they are written; texts that hold none are compared as such."""
    if one == other:
        return True
    try:
        return bool(_as_written(one) == _as_written(other))
    except ValueError:
        return False


def _as_written(text: str) -> Any:
    return loads(text, parse_int=str, parse_float=str)
