"""Every operation of IAM whose model has NoSuchEntity raises it when nothing has the name that it is given."""

from __future__ import annotations

import pytest

from carnet import models
from carnet.services.registry import SERVICES
from tests.services.iam.documents import allow, text
from tests.services.iam.expect import refused
from tests.services.inputs import SharedWorlds, given

OTHERWISE = {
    "AcquireRole": "Its template: test_role_templates.",
    "ChangePassword": "Only users have their passwords changed by it, who are there: test_login_profiles.",
    "CreateGroup": "It names nothing that has to be there.",
    "CreateServiceLinkedRole": "It names nothing that has to be there.",
    "CreateUser": "Its permissions boundary: test_boundaries.",
    "GetOrganizationsAccessReport": "Of an organization: tests/services/organizations.",
    "GetRoleTemplateVersion": "Its template: test_role_templates.",
    "GetServiceLinkedRoleDeletionStatus": "Its task: test_service_linked_roles.",
    "ListDelegationRequests": "Whose requests they are is a filter: test_delegation_requests.",
    "UpdateAccountPasswordPolicy": "The account is there.",
    "UploadSSHPublicKey": "A key is read first: test_ssh_public_keys.",
    "UploadSigningCertificate": "A certificate is read first: test_signing_certificates.",
}
"""Operations that are not asked here. The table may only shrink."""
NOTHING = {
    **dict.fromkeys(("UserName", "RoleName", "GroupName", "InstanceProfileName", "ServerCertificateName"), "nobody"),
    "AccountAlias": "nobody-here",
    "PolicyArn": "arn:aws:iam::{}:policy/nobody",
    "SAMLProviderArn": "arn:aws:iam::{}:saml-provider/nobody",
    "OpenIDConnectProviderArn": "arn:aws:iam::{}:oidc-provider/nobody.example.com",
    "SerialNumber": "arn:aws:iam::{}:mfa/nobody",
    "PolicySourceArn": "arn:aws:iam::{}:user/nobody",
    "Arn": "arn:aws:iam::{}:user/nobody",
    "EntityArn": "arn:aws:iam::{}:delegation-request/nothing",
    "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "SSHPublicKeyId": "APKAIOSFODNN7EXAMPLE",
    "CertificateId": "A" * 32,
    "ServiceSpecificCredentialId": "ACCAIOSFODNN7EXAMPLE",
    "DelegationRequestId": f"dr-{'0' * 30}",
    "JobId": "00000000-0000-4000-8000-000000000000",
}
WRITTEN = {"PolicyDocument": text(allow("s3:*")), "Password": "Correct-horse-1"}


def modelled() -> set[str]:
    """The operations whose model has the error."""
    return {
        name
        for name in SERVICES["iam"].operations
        for shape in models.operation("iam", name).model.error_shapes
        if shape.metadata.get("error", {}).get("code", shape.name) == "NoSuchEntity"
    }


@pytest.mark.parametrize("name", sorted(modelled() - OTHERWISE.keys()))
def test_what_is_not_there_is_told(shared_worlds: SharedWorlds, name: str) -> None:
    operation = SERVICES["iam"].operations[name]
    world = shared_worlds.of(operation)
    shape = models.operation("iam", name).input
    members = shape.members if shape is not None else {}
    nothing = {member: value.format(world.account_id) for member, value in NOTHING.items() if member in members}
    written = {member: value for member, value in WRITTEN.items() if member in members}
    asked = {**written, **given(world, operation), **nothing}
    assert refused(world, world.root, name, **asked)[0] == "NoSuchEntity"


def test_the_others_have_it_in_their_model() -> None:
    assert OTHERWISE.keys() <= modelled()
