"""Every operation of IAM whose model has NoSuchEntity raises it when nothing has the name that it is given."""

from __future__ import annotations

import pytest

from carnet.services.registry import SERVICES
from tests.services.iam.expect import refused
from tests.services.iam.modelled import asked, modelled
from tests.services.inputs import SharedWorlds

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
    "PolicyArn": "arn:aws:iam::ACCOUNT:policy/nobody",
    "SAMLProviderArn": "arn:aws:iam::ACCOUNT:saml-provider/nobody",
    "OpenIDConnectProviderArn": "arn:aws:iam::ACCOUNT:oidc-provider/nobody.example.com",
    "SerialNumber": "arn:aws:iam::ACCOUNT:mfa/nobody",
    "PolicySourceArn": "arn:aws:iam::ACCOUNT:user/nobody",
    "Arn": "arn:aws:iam::ACCOUNT:user/nobody",
    "EntityArn": "arn:aws:iam::ACCOUNT:delegation-request/nothing",
    "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "SSHPublicKeyId": "APKAIOSFODNN7EXAMPLE",
    "CertificateId": "A" * 32,
    "ServiceSpecificCredentialId": "ACCAIOSFODNN7EXAMPLE",
    "DelegationRequestId": f"dr-{'0' * 30}",
    "JobId": "00000000-0000-4000-8000-000000000000",
}


@pytest.mark.parametrize("name", sorted(modelled("NoSuchEntity") - OTHERWISE.keys()))
def test_what_is_not_there_is_told(shared_worlds: SharedWorlds, name: str) -> None:
    world = shared_worlds.of(SERVICES["iam"].operations[name])
    assert refused(world, world.root, name, **asked(world, name, NOTHING))[0] == "NoSuchEntity"


def test_the_others_have_it_in_their_model() -> None:
    assert OTHERWISE.keys() <= modelled("NoSuchEntity")
