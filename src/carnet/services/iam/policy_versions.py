"""Versions of managed policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.faults import InUse, Missing, TooMany
from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.documents import MANAGED_DOCUMENT, check_managed_policy
from carnet.services.iam.kinds import POLICIES
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreatePolicyVersionRequestTypeDef,
        DeletePolicyVersionRequestTypeDef,
        GetPolicyVersionRequestTypeDef,
        ListPolicyVersionsRequestTypeDef,
        SetDefaultPolicyVersionRequestTypeDef,
    )

_BEYOND_EVERY_NUMBER = 10**12


@iam.write("CreatePolicyVersion", on=targets.policy_to_change, prepare=MANAGED_DOCUMENT)
def create_policy_version(call: WriteCall, given: CreatePolicyVersionRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """Add a version. SetAsDefault makes it the default version."""
    quotas: IamQuotas = call.quotas
    check_managed_policy(call, given["PolicyDocument"])
    if len(policy.versions) >= quotas.versions_per_policy:
        raise TooMany(sentences.versions_full(quotas.versions_per_policy))
    version = PolicyVersion(number=policy.next_version, document=given["PolicyDocument"], created=call.now)
    grown = replace(
        policy,
        versions=(*policy.versions, version),
        default_version=version.number if given.get("SetAsDefault") else policy.default_version,
        next_version=version.number + 1,
        updated=call.now,
    )
    POLICIES.save(call, policy, grown)
    return {"PolicyVersion": shapes.listed_policy_version(grown, version)}


@iam.read("GetPolicyVersion", on=targets.policy_of_version)
def get_policy_version(call: Call, given: GetPolicyVersionRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """A version with its document."""
    return {"PolicyVersion": shapes.policy_version(policy, _version(policy, given["VersionId"]))}


@iam.read("ListPolicyVersions", on=targets.policy)
def list_policy_versions(call: Call, given: ListPolicyVersionsRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """The versions without their documents, the newest first."""
    versions = page(call.paging, "ListPolicyVersions", policy.versions[::-1], given, key=_newest_first)
    return versions.answer("Versions", lambda version: shapes.listed_policy_version(policy, version))


@iam.write("SetDefaultPolicyVersion", on=targets.policy_of_version_to_change)
def set_default_policy_version(
    call: WriteCall, given: SetDefaultPolicyVersionRequestTypeDef, policy: ManagedPolicy
) -> Answer:
    """Make a version the default one."""
    version = _version(policy, given["VersionId"])
    POLICIES.save(call, policy, replace(policy, default_version=version.number))
    return {}


@iam.write("DeletePolicyVersion", on=targets.policy_of_version_to_change)
def delete_policy_version(call: WriteCall, given: DeletePolicyVersionRequestTypeDef, policy: ManagedPolicy) -> Answer:
    """Remove a version that is not the default one. Its number is not used again."""
    version = _version(policy, given["VersionId"])
    if version.number == policy.default_version:
        raise InUse(sentences.DEFAULT_VERSION_STAYS)
    rest = tuple(each for each in policy.versions if each is not version)
    POLICIES.save(call, policy, replace(policy, versions=rest))
    return {}


def _version(policy: ManagedPolicy, name: str) -> PolicyVersion:
    """The version of that name, such as v3. Raises Missing."""
    for version in policy.versions:
        if version.name == name:
            return version
    raise Missing(sentences.policy_version_missing(policy.arn, name))


def _newest_first(version: PolicyVersion) -> str:
    return str(_BEYOND_EVERY_NUMBER - version.number)
