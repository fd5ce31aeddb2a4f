"""How many permission sets and applications an instance can have."""

from __future__ import annotations

import pytest

from tests.services.sso_admin.center import INLINE, PROVIDER, READ_ONLY, Center
from tests.services.world import Caller, ServiceError

DELEGATED = "sso.amazonaws.com"
READING = {"ManagedPolicyArn": READ_ONLY}
_JWT = {
    "IssuerUrl": "https://limited.example",
    "ClaimAttributePath": "email",
    "IdentityStoreAttributePath": "emails.value",
    "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
}
ISSUER = {
    "Name": "X",
    "TrustedTokenIssuerType": "OIDC_JWT",
    "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": _JWT},
}


def test_permission_sets(center: Center) -> None:
    there = len(center.call("ListPermissionSets").get("PermissionSets", []))
    center.estate.limit(permission_sets=there + 1)
    try:
        arn = center.permission_set("Last")
        with pytest.raises(ServiceError, match=rf"at most {there + 1} permission sets"):
            center.permission_set("OneMore")
        center.call("DeletePermissionSet", PermissionSetArn=arn)
        center.permission_set("OneMore")
    finally:
        center.estate.limit(permission_sets=None)


def test_applications(center: Center) -> None:
    there = len(center.call("ListApplications").get("Applications", []))
    center.estate.limit(identity_center_applications=there + 1)
    try:
        arn = center.application("Last")
        with pytest.raises(ServiceError, match=rf"at most {there + 1} applications"):
            center.application("OneMore")
        center.call("DeleteApplication", ApplicationArn=arn)
        center.application("OneMore")
    finally:
        center.estate.limit(identity_center_applications=None)


@pytest.fixture(scope="module")
def delegate(center: Center) -> Caller:
    """The root user of the delegated administrator for IAM Identity Center."""
    caller = center.estate.member()
    account = center.estate.account_of(caller)
    center.estate.call("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal=DELEGATED)
    return caller


@pytest.mark.parametrize(
    ("quota", "operation", "given"),
    [
        ("permission_sets", "CreatePermissionSet", {"Name": "X"}),
        ("identity_center_applications", "CreateApplication", {"ApplicationProviderArn": PROVIDER, "Name": "X"}),
        ("trusted_token_issuers", "CreateTrustedTokenIssuer", ISSUER),
        ("tags_per_resource", "TagResource", {"ResourceArn": "", "Tags": [{"Key": "team", "Value": "a"}]}),
        (
            "permission_set_inline_size",
            "PutInlinePolicyToPermissionSet",
            {"PermissionSetArn": "", "InlinePolicy": INLINE},
        ),
        ("policies_per_permission_set", "AttachManagedPolicyToPermissionSet", {"PermissionSetArn": "", **READING}),
    ],
)
def test_a_delegated_administrator_has_the_quotas_of_the_account_that_owns_the_instance(
    center: Center, delegate: Caller, quota: str, operation: str, given: dict[str, object]
) -> None:
    arn = center.permission_set(f"For-{quota}"[:32])
    filled = {name: value or arn for name, value in given.items()}
    center.estate.limit(**{quota: 0})
    try:
        with pytest.raises(ServiceError, match=r"ServiceQuotaExceededException|exceeded the maximum limit of 0 bytes"):
            center.call_as(delegate, operation, **filled)
    finally:
        center.estate.limit(**{quota: None})
    center.call_as(delegate, operation, **filled)


def test_a_delegated_administrator_provisions_as_many_as_the_owner_may(center: Center, delegate: Caller) -> None:
    arn, user = center.permission_set("Provisioned"), center.user("provisioned")
    other = center.estate.account_of(center.estate.member())
    center.estate.limit(permission_sets_per_account=0)
    try:
        with pytest.raises(ServiceError, match="At most 0 permission sets"):
            center.assign(arn, other, user, caller=delegate)
    finally:
        center.estate.limit(permission_sets_per_account=None)
    assert center.assign(arn, other, user, caller=delegate)["Status"] == "SUCCEEDED"
