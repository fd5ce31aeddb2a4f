"""Each operation of IAM raises the errors that its model has, and that matter to users, when there is cause.

NoSuchEntity has a test of its own: test_nothing_there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.registry import SERVICES
from tests.services.iam.expect import refused, set_quotas
from tests.services.iam.full_account import FullAccount
from tests.services.iam.made_certificates import made, rsa_key
from tests.services.iam.modelled import asked, codes, modelled
from tests.services.test_never_answered import NO_ERRORS
from tests.services.world import World, open_world

ONE = dict.fromkeys(("UserName", "GroupName", "RoleName", "InstanceProfileName", "Name"), "one") | {
    "PolicyArn": "arn:aws:iam::ACCOUNT:policy/a/policy",
    "SerialNumber": "arn:aws:iam::ACCOUNT:mfa/first",
    "ServerCertificateName": "first",
    "VirtualMFADeviceName": "first",
    "Url": "https://one.example.com",
    "AccountAlias": "carnet-estate",
    **dict.fromkeys(("NewUserName", "NewGroupName"), "two"),
    "NewServerCertificateName": "second",
    "PolicyName": "policy",
}
"""What is there of each kind, and in use."""
NEW = {
    **dict.fromkeys(("Name", "PolicyName", "VirtualMFADeviceName"), "new"),
    "InstanceProfileName": "one",
    "SerialNumber": "arn:aws:iam::ACCOUNT:mfa/third",
    "AddPrivateKey": rsa_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
}
"""What is not there, and a device and an instance profile that could take more."""
LINKED = {"RoleName": "AWSServiceRoleForECS", "MaxSessionDuration": 7200}
ONLY_LINKED = {"PolicyArn": "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"}
ONLY_LINKED["PermissionsBoundary"] = ONLY_LINKED["PolicyArn"]
NO_ARN = "arn:aws:iam::ACCOUNT:nothing/like-this"
TWICE = [{"Key": "a", "Value": ""}, {"Key": "a", "Value": ""}]
WRONG = {
    **dict.fromkeys(("SAMLProviderArn", "OpenIDConnectProviderArn", "PolicySourceArn", "Arn", "EntityArn"), NO_ARN),
    "Tags": TWICE,
    "TagKeys": ["aws:a"],
    "Status": "Expired",
    "PolicyInputList": ["{}"],
    "PermissionsBoundary": NO_ARN,
    "DeletionTaskId": "task/nothing",
    "ServiceNamespace": "nothing here",
    "Properties": {"Nothing": "x"},
    "NotificationChannel": "no topic of SNS",
    "CustomSuffix": "x",
}
"""Values that the model lets through and that mean nothing."""


CAUSES: Mapping[str, Mapping[str, Any]] = {
    "DeleteConflict": ONE,
    "EntityAlreadyExists": ONE,
    "FeatureEnabled": {},
    "InvalidInput": WRONG,
    "KeyPairMismatch": {"PrivateKey": made("other").private()},
    "LimitExceeded": NEW,
    "MalformedCertificate": {"CertificateBody": "x"},
    "MalformedPolicyDocument": dict.fromkeys(("PolicyDocument", "AssumeRolePolicyDocument"), "{}"),
    "NotSupportedService": {"ServiceName": "nothing.amazonaws.com"},
    "PolicyNotAttachable": ONLY_LINKED,
    "UnmodifiableEntity": LINKED,
}
"""What the operations that have an error are asked with to raise it; for LimitExceeded, every quota is 0."""
NO_POLICY = (
    *(f"{verb}{kind}Policy" for verb in ("Attach", "Detach") for kind in ("Group", "Role", "User")),
    *("CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "GetPolicy", "GetPolicyVersion"),
    *("ListEntitiesForPolicy", "ListPolicyTags", "ListPolicyVersions", "SetDefaultPolicyVersion"),
)
"""Operations that are given the ARN of a policy and nothing else that could be wrong."""
OTHERWISE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "DeleteConflict": {"No service of AWS's uses a certificate.": ("DeleteServerCertificate",)},
    "EntityAlreadyExists": {
        "The role that it has made before is given again.": ("AcquireRole",),
        "A profile has one role, which is a quota of AWS's.": ("AddRoleToInstanceProfile",),
        "The same certificate is a DuplicateCertificate.": ("UploadSigningCertificate",),
    },
    "InvalidInput": {
        "An ARN that is no policy's is a ValidationError, as AWS answers.": NO_POLICY,
        "A device or a template that is not there is NoSuchEntity.": ("ListMFADeviceTags", "GetRoleTemplateVersion"),
        "In another state: test_delegation_requests.": ("RejectDelegationRequest", "UpdateDelegationRequest"),
        "What is wrong with the input breaks the model's constraints, or a rule for passwords.": (
            *("GetAccountProperties", "GetServiceLastAccessedDetails", "ListDelegationRequests"),
            *(f"ListAttached{kind}Policies" for kind in ("Group", "Role", "User")),
            *("UpdateLoginProfile", "UpdateRole"),
        ),
    },
    "LimitExceeded": {
        "Nothing is made that has a quota.": (
            *("ChangePassword", "CreateLoginProfile", "DeactivateMFADevice", "DeleteAccessKey", "DeleteAccountAlias"),
            *("DeleteAccountPasswordPolicy", "DeleteGroup", "DeleteGroupPolicy", "DeleteInstanceProfile"),
            *("DeleteLoginProfile", "DeletePolicy", "DeletePolicyVersion", "DeleteRole", "DeleteRolePolicy"),
            *("DeleteSAMLProvider", "DeleteServerCertificate", "DeleteServiceLinkedRole", "DeleteSigningCertificate"),
            *("DeleteUser", "DeleteUserPolicy", "DeleteVirtualMFADevice", "DetachGroupPolicy", "DetachRolePolicy"),
            *("DetachUserPolicy", "GenerateCredentialReport", "RemoveRoleFromInstanceProfile", "RemoveUserFromGroup"),
            *("ResyncMFADevice", "SetDefaultPolicyVersion", "UpdateAccessKey", "UpdateAccountPasswordPolicy"),
            *("UpdateGroup", "UpdateLoginProfile", "UpdateServerCertificate", "UpdateSigningCertificate"),
            "UpdateUser",
        ),
        "It gives what its role is made of: test_role_templates.": ("AcquireRole",),
        "A new alias takes the place of the one that there is.": ("CreateAccountAlias",),
    },
    "MalformedPolicyDocument": {"No document is given.": ("AcquireRole", "UpdateAccountPasswordPolicy")},
    "UnmodifiableEntity": {
        "The description of a service-linked role may be changed, as at AWS.": ("UpdateRoleDescription",)
    },
}
"""Operations that do not raise an error which their model has, with the reason. The table may only shrink."""
ELSEWHERE = {
    "test_credential_reports": ("ReportExpired", "ReportInProgress", "ReportNotPresent"),
    "test_login_profiles": ("EntityTemporarilyUnmodifiable", "InvalidUserType", "PasswordPolicyViolation"),
    "test_mfa_devices": ("InvalidAuthenticationCode",),
    "test_nothing_there": ("NoSuchEntity",),
    "test_organizations_features": ("OrganizationNotFoundException",),
    "test_role_templates": ("NameConflict", "RoleModified"),
    "../../server/test_outbound_federation": ("FeatureDisabled",),
    "test_signing_certificates": ("DuplicateCertificate",),
    "test_ssh_public_keys": ("DuplicateSSHPublicKey", "InvalidPublicKey", "UnrecognizedPublicKeyEncoding"),
    "../organizations/test_root_access": (
        "AccountNotManagementOrDelegatedAdministratorException",
        "CallerIsNotManagementAccountException",
        "OrganizationNotInAllFeaturesModeException",
        "ServiceAccessNotEnabledException",
    ),
}
"""The module beside this one that raises the errors of few operations."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("errors")) as made_world:
        FullAccount(made_world)
        made_world.call(made_world.root, "CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
        yield made_world


def raising() -> list[tuple[str, str]]:
    return [(code, name) for code in CAUSES for name in sorted(modelled(code) - set(otherwise(code)))]


def otherwise(code: str) -> list[str]:
    return [name for names in OTHERWISE.get(code, {}).values() for name in names]


@pytest.mark.parametrize(("code", "name"), raising())
def test_a_modelled_error_is_raised(world: World, code: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = asked(world, name, CAUSES[code])
    if code == "LimitExceeded":
        set_quotas(monkeypatch, name, iam, **{field.name: 0 for field in fields(IamQuotas)})
    assert refused(world, world.root, name, **given)[0] == code


@pytest.mark.parametrize("name", NO_POLICY)
def test_an_arn_that_is_no_policys(world: World, name: str) -> None:
    given = asked(world, name, {"PolicyArn": NO_ARN})
    assert refused(world, world.root, name, **given)[0] == "ValidationError"


@pytest.mark.parametrize("code", OTHERWISE)
def test_the_others_have_it_in_their_model_once(code: str) -> None:
    names = otherwise(code)
    assert len(names) == len(set(names))
    assert set(names) <= modelled(code)


def test_every_code_is_raised_by_some_test() -> None:
    elsewhere = [code for told in ELSEWHERE.values() for code in told]
    every = {code for name in SERVICES["iam"].operations for code in codes(name)}
    assert every == {*CAUSES, *elsewhere, *NO_ERRORS["iam"]}


@pytest.mark.parametrize("module", ELSEWHERE)
def test_the_other_modules_name_the_codes(module: str) -> None:
    written = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    assert not [code for code in ELSEWHERE[module] if f'"{code}"' not in written]
