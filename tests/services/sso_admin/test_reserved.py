"""The roles and providers of IAM Identity Center are nobody else's to make or to change (attacks 24 and 25)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carnet.entities.role import Role
from carnet.entities.saml_provider import SamlProvider
from carnet.saml.metadata import parse_metadata
from tests.saml import idp
from tests.services.iam.documents import trust
from tests.services.sso_admin.center import INLINE, READ_ONLY, Center
from tests.services.world import Caller, ServiceError

PROTECTED = (
    r"UnmodifiableEntity: Cannot perform the operation on the protected role '.*' - this role is only modifiable"
)


@pytest.fixture(scope="module")
def member(center: Center) -> Caller:
    """The root user of a member with a reserved role."""
    caller = center.estate.member()
    center.assign(center.permission_set("Reserved", READ_ONLY), center.estate.account_of(caller), center.user("r"))
    return caller


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("AttachRolePolicy", {"PolicyArn": READ_ONLY}),
        ("DetachRolePolicy", {"PolicyArn": READ_ONLY}),
        ("PutRolePolicy", {"PolicyName": "mine", "PolicyDocument": INLINE}),
        ("DeleteRolePolicy", {"PolicyName": "AwsSSOInlinePolicy"}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": READ_ONLY}),
        ("DeleteRolePermissionsBoundary", {}),
        ("UpdateRole", {"MaxSessionDuration": 3600}),
        ("UpdateRoleDescription", {"Description": "mine"}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": trust("111122223333")}),
        ("TagRole", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("UntagRole", {"TagKeys": ["a"]}),
        ("DeleteRole", {}),
    ],
)
def test_a_reserved_role_is_not_changed(center: Center, member: Caller, operation: str, given: dict[str, Any]) -> None:
    role = center.role(center.estate.account_of(member))
    with pytest.raises(ServiceError, match=PROTECTED):
        center.world.call(member, operation, RoleName=role.name, **given)
    assert center.role(role.account) == role


def test_it_is_in_no_instance_profile(center: Center, member: Caller) -> None:
    role = center.role(center.estate.account_of(member))
    center.world.call(member, "CreateInstanceProfile", InstanceProfileName="p")
    with pytest.raises(ServiceError, match=PROTECTED):
        center.world.call(member, "AddRoleToInstanceProfile", InstanceProfileName="p", RoleName=role.name)


def test_it_is_read_like_any_other(center: Center, member: Caller) -> None:
    account = center.estate.account_of(member)
    role = center.role(account)
    assert center.world.call(member, "GetRole", RoleName=role.name)["Role"]["Arn"] == role.arn
    listed = center.world.call(member, "ListRoles", PathPrefix="/aws-reserved/")["Roles"]
    assert [each["RoleName"] for each in listed] == [role.name]
    details = center.world.call(member, "GetAccountAuthorizationDetails", Filter=["Role"])["RoleDetailList"]
    assert role.name in [each["RoleName"] for each in details]


def test_its_provider_is_not_changed(center: Center, member: Caller) -> None:
    (provider,) = center.world.snapshot.accounts[center.estate.account_of(member)].of(SamlProvider)
    named = {"SAMLProviderArn": provider.arn}
    for operation, given in (
        ("UpdateSAMLProvider", {"SAMLMetadataDocument": idp.metadata()}),
        ("TagSAMLProvider", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("DeleteSAMLProvider", {}),
    ):
        with pytest.raises(ServiceError, match=r"UnmodifiableEntity: .* protected SAML provider"):
            center.world.call(member, operation, **named, **given)
    assert provider in center.world.snapshot.accounts[provider.account].of(SamlProvider)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("AWSReservedSSO_Admin_0123456789abcdef", "/"),
        ("awsreservedsso_x", "/"),
        ("mine", "/aws-reserved/"),
        ("mine", "/aws-reserved/sso.amazonaws.com/"),
    ],
)
def test_nobody_makes_a_role_that_looks_like_one(center: Center, member: Caller, name: str, path: str) -> None:
    with pytest.raises(ServiceError, match="InvalidInput"):
        center.world.call(
            member, "CreateRole", RoleName=name, Path=path, AssumeRolePolicyDocument=trust("111122223333")
        )
    assert center.world.snapshot.accounts[center.estate.account_of(member)].of(Role).named(name.lower()) is None


def test_nobody_makes_a_provider_that_looks_like_one(center: Center, member: Caller) -> None:
    for name in ("AWSSSO_0123456789abcdef_DO_NOT_DELETE", "awssso_x_do_not_delete"):
        with pytest.raises(ServiceError, match="InvalidInput"):
            center.world.call(member, "CreateSAMLProvider", Name=name, SAMLMetadataDocument=idp.metadata())


@pytest.mark.parametrize("trusted", [False, True])
def test_no_assertion_from_outside_is_good(center: Center, member: Caller, trusted: bool) -> None:
    """Attack 25: the provider has no certificate, whoever signs; and if it had one, the role would not be given."""
    account, now = center.estate.account_of(member), center.world.clock()
    (provider,) = center.world.snapshot.accounts[account].of(SamlProvider)
    assert provider.certificates == {}
    assert provider.private_keys == ()
    if trusted:
        center.save(replace(provider, certificates=parse_metadata(idp.metadata()).certificates))
    role, minute = center.role(account), timedelta(minutes=1)
    answer = idp.Answer(
        issued=now,
        confirmed_until=now + 5 * minute,
        not_before=now - minute,
        not_on_or_after=now + 60 * minute,
        attributes={f"{idp.AWS}Role": [f"{role.arn},{provider.arn}"], f"{idp.AWS}RoleSessionName": ["mary"]},
    )
    with pytest.raises(ServiceError, match="AccessDenied" if trusted else "InvalidIdentityToken: Issuer not present"):
        center.world.unsigned(
            "AssumeRoleWithSAML", RoleArn=role.arn, PrincipalArn=provider.arn, SAMLAssertion=idp.post(answer)
        )
    if trusted:
        center.save(provider)
