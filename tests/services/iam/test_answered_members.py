"""Members that operations of IAM leave empty about an account that has everything: each with the reason.

The tables may only shrink.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.answered import answering, empty
from tests.services.iam.full_account import FullAccount
from tests.services.world import open_world

NOT_ASKED = {
    "DisableOrganizationsRootCredentialsManagement": "Of an organization: tests/services/organizations.",
    "DisableOrganizationsRootSessions": "Of an organization: tests/services/organizations.",
    "EnableOrganizationsRootCredentialsManagement": "Of an organization: tests/services/organizations.",
    "EnableOrganizationsRootSessions": "Of an organization: tests/services/organizations.",
    "GenerateOrganizationsAccessReport": "Of an organization: tests/services/organizations.",
    "GetMFADevice": "Of security keys, which the console registers.",
    "GetOrganizationsAccessReport": "Of an organization: tests/services/organizations.",
    "ListOrganizationsFeatures": "Of an organization: tests/services/organizations.",
}
"""Operations whose answers are looked at elsewhere."""

ROLE = (
    "MaxSessionDuration",
    "MaxSigninSessionDuration",
    "PermissionsBoundary",
    "RoleLastUsed",
    "SourceRoleTemplate",
    "Tags",
)
"""What is told of a role by GetRole."""


def of_role(*above: str) -> tuple[str, ...]:
    """What only GetRole tells, of each of these roles."""
    return tuple(f"{role}.{name}" for role in above for name in ROLE)


EMPTY = {
    "A list tells less of each thing than what gets one, as AWS says of its lists.": (
        *("GetGroup.Users.PasswordLastUsed", "GetGroup.Users.PermissionsBoundary", "GetGroup.Users.Tags"),
        *("ListInstanceProfiles.InstanceProfiles.Tags", "ListInstanceProfilesForRole.InstanceProfiles.Tags"),
        *("ListPolicies.Policies.Description", "ListPolicies.Policies.Tags"),
        *("ListRoles.Roles.PermissionsBoundary", "ListRoles.Roles.RoleLastUsed", "ListRoles.Roles.SourceRoleTemplate"),
        *("ListRoles.Roles.Tags", "ListUsers.Users.PermissionsBoundary", "ListUsers.Users.Tags"),
        "ListVirtualMFADevices.VirtualMFADevices.Tags",
        "ListVirtualMFADevices.VirtualMFADevices.User.PasswordLastUsed",
        "ListVirtualMFADevices.VirtualMFADevices.User.PermissionsBoundary",
        "ListVirtualMFADevices.VirtualMFADevices.User.Tags",
    ),
    "A role beside something else is told in few words.": of_role(
        "GetAccountAuthorizationDetails.RoleDetailList.InstanceProfileList.Roles",
        "GetInstanceProfile.InstanceProfile.Roles",
        "ListInstanceProfiles.InstanceProfiles.Roles",
        "ListInstanceProfilesForRole.InstanceProfiles.Roles",
    ),
    "These tell the role in few words too.": (
        *of_role("AcquireRole.Role", "CreateServiceLinkedRole.Role", "UpdateRoleDescription.Role"),
        *("AcquireRole.Role.Description", "CreateServiceLinkedRole.Role.Description"),
    ),
    "AWS leaves it out here.": (
        *("CreatePolicy.Policy.Description", "GetAccountAuthorizationDetails.Policies.Description"),
        *("CreatePolicyVersion.PolicyVersion.Document", "ListPolicyVersions.Versions.Document"),
        "GetAccountAuthorizationDetails.RoleDetailList.InstanceProfileList.Tags",
    ),
    "What is new has nothing of it yet.": (
        *("CreateInstanceProfile.InstanceProfile.Roles", "CreateUser.User.PasswordLastUsed"),
        *("CreateRole.Role.RoleLastUsed", "CreateRole.Role.SourceRoleTemplate"),
        *("CreateVirtualMFADevice.VirtualMFADevice.EnableDate", "CreateVirtualMFADevice.VirtualMFADevice.User"),
    ),
    "The seed of a device is told once, when it is made.": (
        "ListVirtualMFADevices.VirtualMFADevices.Base32StringSeed",
        "ListVirtualMFADevices.VirtualMFADevices.QRCodePNG",
    ),
    "The console has no page for delegation requests.": ("CreateDelegationRequest.ConsoleDeepLink",),
    "No role template of AWS's that is here has it.": (
        "GetRoleTemplateVersion.RoleTemplateVersion.ParametersDefinition.SubType",
        "GetRoleTemplateVersion.RoleTemplateVersion.PermissionBoundaryArn",
        "GetRoleTemplateVersion.RoleTemplateVersion.RoleTagsTemplate",
    ),
    "No job fails.": (
        *("GetServiceLastAccessedDetails.Error", "GetServiceLastAccessedDetailsWithEntities.Error"),
        "GetServiceLinkedRoleDeletionStatus.Reason",
    ),
    "There is one page.": ("ListAccountAliases.Marker", "ListPoliciesGrantingServiceAccess.Marker"),
    "The account is in no organization: test_simulation looks at it.": (
        "SimulateCustomPolicy.EvaluationResults.OrganizationsDecisionDetail",
        "SimulatePrincipalPolicy.EvaluationResults.OrganizationsDecisionDetail",
    ),
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullAccount]:
    with open_world(tmp_path_factory.mktemp("full")) as world:
        yield FullAccount(world)


def test_every_operation_is_asked(account: FullAccount) -> None:
    assert answering("iam") - account.filled.keys() == NOT_ASKED.keys()


def test_members_are_filled_but_these(account: FullAccount) -> None:
    assert empty("iam", account.filled) == {name for names in EMPTY.values() for name in names}
