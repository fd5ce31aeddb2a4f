"""GetAccountAuthorizationDetails: everything that says who may do what, in one list.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Invalid
from carnet.catalog.managed_policies import managed_policy
from carnet.directory.account_view import AccountView
from carnet.entities.entity import Documents, tag_list
from carnet.entities.group import Group
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes
from carnet.services.iam.account import used_policies
from carnet.services.iam.managed_policies import policy_key
from carnet.services.iam.roles import last_used
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.paging import PAGE_CHARACTERS, last_told, page, sort_token

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GetAccountAuthorizationDetailsRequestTypeDef

Described = Group | ManagedPolicy | Role | User

_NOT_IN_ROLE_DETAIL = ("Description", "MaxSessionDuration", "MaxSigninSessionDuration")
_RANKS: dict[type[Described], int] = {User: 0, Role: 1, Group: 2, ManagedPolicy: 3}
"""Where each kind stands in the list."""
_KINDS: dict[str, type[Described]] = {
    "User": User,
    "Role": Role,
    "Group": Group,
    "LocalManagedPolicy": ManagedPolicy,
    "AWSManagedPolicy": ManagedPolicy,
}
"""What a Filter may name."""


@iam.read("GetAccountAuthorizationDetails", on=account_wide)
def get_account_authorization_details(call: Call, given: GetAccountAuthorizationDetailsRequestTypeDef) -> Answer:
    """Users, then roles, groups and managed policies, each by name, a page of all of them together.

    Of AWS's managed policies, those that someone in the account uses.
    """
    kinds: frozenset[str] = frozenset(given.get("Filter") or _KINDS)
    _check_marker(given, kinds)
    listed = sorted(_selected_entities(call, kinds), key=lambda each: sort_token(_key(each)))
    found = page(
        call.paging,
        f"GetAccountAuthorizationDetails {sorted(kinds)}",
        listed,
        given,
        key=_key,
        characters=partial(_characters, call.view),
    )
    return {
        "UserDetailList": [_user(call.view, each) for each in found.items if isinstance(each, User)],
        "GroupDetailList": [_group(each) for each in found.items if isinstance(each, Group)],
        "RoleDetailList": [_role(call, each) for each in found.items if isinstance(each, Role)],
        "Policies": [_policy(call.view, each) for each in found.items if isinstance(each, ManagedPolicy)],
        **found.truncation,
    }


def _check_marker(given: Mapping[str, Any], kinds: Collection[str]) -> None:
    """Raise Invalid for a marker after an entity that the Filter, if there is one, leaves out."""
    if "Marker" not in given or not given.get("Filter"):
        return
    ranks = {str(_RANKS[_KINDS[kind]]).encode() for kind in kinds}
    if (last := last_told(given["Marker"])) is None or last[:1] not in ranks:
        raise Invalid(sentences.MARKER_OF_OTHER_FILTER)


def _selected_entities(call: Call, kinds: Collection[str]) -> Iterable[Described]:
    """The entities that the Filter selects."""
    view = call.view
    sources: dict[str, Iterable[Described]] = {
        "User": view.of(User),
        "Role": view.of(Role),
        "Group": view.of(Group),
        "LocalManagedPolicy": view.of(ManagedPolicy),
        "AWSManagedPolicy": _used_policies_of_aws(view),
    }
    for kind, entities in sources.items():
        if kind in kinds:
            yield from entities


def _used_policies_of_aws(view: AccountView) -> Iterator[ManagedPolicy]:
    for arn in used_policies(view):
        policy = managed_policy(arn)
        if policy is not None:
            yield policy


def _key(described: Described) -> str:
    name = policy_key(described) if isinstance(described, ManagedPolicy) else described.name_key
    return f"{_RANKS[type(described)]}{name}"


def _characters(view: AccountView, described: Described) -> int:
    """The length of the documents and tags in the answer about an entity."""
    if isinstance(described, ManagedPolicy):
        return sum(len(version.document) for version in described.versions)
    length = sum(map(len, described.inline.values()))
    if isinstance(described, Group):
        return length
    length += sum(map(len, described.tags)) + sum(map(len, described.tags.values()))
    if isinstance(described, Role):
        length += len(described.trust) * (1 + len(view.profiles_of(described.id)))
    return length


def _user(view: AccountView, user: User) -> shapes.Structure:
    groups = [group.name for group in map(view.of(Group).get, user.groups) if group is not None]
    inline = {"UserPolicyList": _inline(user.inline)} if user.inline else {}  # the only list that AWS leaves out
    return shapes.user(user) | {"Tags": tag_list(user.tags), "GroupList": groups} | inline | _attached_policies(user)


def _group(group: Group) -> shapes.Structure:
    return shapes.group(group) | {"GroupPolicyList": _inline(group.inline)} | _attached_policies(group)


def _role(call: Call, role: Role) -> shapes.Structure:
    shape = shapes.role(call.snapshot, role) | last_used(call, role) | _attached_policies(role)
    profiles = [
        shapes.listed_instance_profile(call.snapshot, call.view, profile) for profile in call.view.profiles_of(role.id)
    ]
    if len(role.trust) * len(profiles) > PAGE_CHARACTERS:
        shown = [_without_trust(shapes.short_role(call.snapshot, role))]
        profiles = [profile | {"Roles": shown} for profile in profiles]
    shape |= {
        "Tags": tag_list(role.tags),
        "InstanceProfileList": profiles,
        "RolePolicyList": _inline(role.inline),
    }
    return {name: member for name, member in shape.items() if name not in _NOT_IN_ROLE_DETAIL}


def _without_trust(shape: Mapping[str, object]) -> shapes.Structure:
    """A role as its instance profiles show it, without the trust policy, which the answer about the role itself has."""
    return {name: member for name, member in shape.items() if name != "AssumeRolePolicyDocument"}


def _policy(view: AccountView, policy: ManagedPolicy) -> shapes.Structure:
    versions = [shapes.policy_version(policy, version) for version in reversed(policy.versions)]
    return shapes.listed_policy(view, policy) | {"PolicyVersionList": versions}


def _inline(documents: Documents) -> list[shapes.Structure]:
    return [{"PolicyName": name, "PolicyDocument": shapes.document(text)} for name, text in documents.items()]


def _attached_policies(holder: Group | Role | User) -> shapes.Structure:
    return {"AttachedManagedPolicies": [shapes.attached_policy(arn) for arn in holder.attached]}
