"""Instance profiles, and the role in each.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from carnet.access.authorize import Check
from carnet.base.faults import InUse, Missing, TooMany
from carnet.base.ids import INSTANCE_PROFILE
from carnet.directory.account_view import AccountView
from carnet.entities.instance_profile import EC2, InstanceProfile
from carnet.entities.role import Role
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.kinds import INSTANCE_PROFILES
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page, path_filter
from carnet.services.request_tags import request_tags, tagged_on_creation
from carnet.services.target import Keys

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AddRoleToInstanceProfileRequestTypeDef,
        CreateInstanceProfileRequestTypeDef,
        DeleteInstanceProfileRequestTypeDef,
        GetInstanceProfileRequestTypeDef,
        ListInstanceProfilesForRoleRequestTypeDef,
        ListInstanceProfilesRequestTypeDef,
        RemoveRoleFromInstanceProfileRequestTypeDef,
    )

_ROLES_PER_PROFILE = 1
_ROLES_QUOTA = "InstanceSessionsPerInstanceProfile"
"""The service that hands a profile's role to its instances."""


@iam.write(
    "CreateInstanceProfile",
    on=targets.new_instance_profile,
    also=(tagged_on_creation("iam:TagInstanceProfile"),),
    context=(request_tags,),
)
def create_instance_profile(call: WriteCall, given: CreateInstanceProfileRequestTypeDef) -> Answer:
    """Add an instance profile without a role."""
    quotas: IamQuotas = call.quotas
    most = quotas.instance_profiles
    if len(call.view.of(InstanceProfile)) >= most:
        raise TooMany(sentences.quota("InstanceProfilesPerAccount", most))
    profile = InstanceProfile(
        id=call.ids.unique(INSTANCE_PROFILE),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["InstanceProfileName"],
        tags=tags_of(call, INSTANCE_PROFILES, given),
        created=call.now,
    )
    INSTANCE_PROFILES.add(call, profile)
    return {"InstanceProfile": shapes.instance_profile(call.snapshot, call.view, profile)}


@iam.read("GetInstanceProfile", on=targets.instance_profile)
def get_instance_profile(call: Call, given: GetInstanceProfileRequestTypeDef, profile: InstanceProfile) -> Answer:
    """An instance profile with the role in it."""
    return {"InstanceProfile": shapes.instance_profile(call.snapshot, call.view, profile)}


@iam.read("ListInstanceProfiles", on=targets.list_instance_profiles)
def list_instance_profiles(call: Call, given: ListInstanceProfilesRequestTypeDef) -> Answer:
    """The instance profiles below PathPrefix, by name."""
    profiles = page(
        call.paging,
        "ListInstanceProfiles",
        call.view.of(InstanceProfile).sorted(),
        given,
        key=lambda profile: profile.name_key,
        matching=path_filter(given),
        characters=partial(trust_characters, call.view),
    )
    return profiles.answer(
        "InstanceProfiles", lambda profile: shapes.listed_instance_profile(call.snapshot, call.view, profile)
    )


@iam.read("ListInstanceProfilesForRole", on=targets.role)
def list_instance_profiles_for_role(call: Call, given: ListInstanceProfilesForRoleRequestTypeDef, role: Role) -> Answer:
    """The instance profiles that contain a role, by name."""
    profiles = page(
        call.paging,
        "ListInstanceProfilesForRole",
        call.view.profiles_of(role.id),
        given,
        key=lambda profile: profile.name_key,
        characters=partial(trust_characters, call.view),
    )
    return profiles.answer(
        "InstanceProfiles", lambda profile: shapes.listed_instance_profile(call.snapshot, call.view, profile)
    )


def trust_characters(view: AccountView, profile: InstanceProfile) -> int:
    """The length of the trust policy that is shown with a profile: that of its role."""
    role = view.of(Role).get(profile.role) if profile.role is not None else None
    return len(role.trust) if role is not None else 0


def pass_role(call: Call, given: AddRoleToInstanceProfileRequestTypeDef, target: object, keys: Keys) -> Iterator[Check]:
    """iam:PassRole on the role: adding it to a profile lets instances act with it."""
    yield targets.role(call, given).check("iam:PassRole", {"iam:PassedToService": EC2})


@iam.write("AddRoleToInstanceProfile", on=targets.instance_profile_and_role, also=(pass_role,))
def add_role_to_instance_profile(
    call: WriteCall, given: AddRoleToInstanceProfileRequestTypeDef, profile: InstanceProfile, role: Role
) -> Answer:
    """Add a role to an instance profile that has none."""
    if profile.role is not None:
        raise TooMany(sentences.quota(_ROLES_QUOTA, _ROLES_PER_PROFILE))
    INSTANCE_PROFILES.save(call, profile, replace(profile, role=role.id))
    return {}


@iam.write("RemoveRoleFromInstanceProfile", on=targets.instance_profile_and_role)
def remove_role_from_instance_profile(
    call: WriteCall, given: RemoveRoleFromInstanceProfileRequestTypeDef, profile: InstanceProfile, role: Role
) -> Answer:
    """Remove a role from an instance profile."""
    if profile.role != role.id:
        raise Missing(sentences.role_not_in_profile(role.name, profile.name))
    INSTANCE_PROFILES.save(call, profile, replace(profile, role=None))
    return {}


@iam.write("DeleteInstanceProfile", on=targets.instance_profile)
def delete_instance_profile(
    call: WriteCall, given: DeleteInstanceProfileRequestTypeDef, profile: InstanceProfile
) -> Answer:
    """Remove an instance profile that contains no role."""
    if profile.role is not None:
        raise InUse(sentences.REMOVE_FROM_PROFILES_FIRST)
    call.store.remove(profile)
    return {}
