"""Applications, who may use them, how they get tokens, and whose tokens they take."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from carnet.directory.identity_center import application_at
from carnet.services.sso_admin.quotas import SsoQuotas
from tests.services.sso_admin.center import PROVIDER, Center
from tests.services.world import ServiceError

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sso-oauth:CreateTokenWithIAM",
            "Resource": "*",
        }
    ],
}


@pytest.fixture(scope="module")
def app(center: Center) -> str:
    return center.application("shared")


def test_an_application_is_made_told_of_updated_and_deleted(center: Center) -> None:
    sign_in = {"Origin": "APPLICATION", "ApplicationUrl": "https://app.example"}
    arn = center.application("one", Description="first", PortalOptions={"SignInOptions": sign_in})
    told = center.call("DescribeApplication", ApplicationArn=arn)
    assert arn.startswith(f"arn:aws:sso::{center.world.account_id}:application/{center.instance.id}/apl-")
    assert told | {"CreatedDate": None} == {
        "ApplicationArn": arn,
        "ApplicationProviderArn": PROVIDER,
        "ApplicationAccount": center.world.account_id,
        "InstanceArn": center.instance.arn,
        "IdentityStoreArn": center.instance.identity_store_arn,
        "Name": "one",
        "Description": "first",
        "Status": "ENABLED",
        "PortalOptions": {"SignInOptions": sign_in},
        "CreatedDate": None,
        "CreatedFrom": "us-east-1",
    }
    center.call("UpdateApplication", ApplicationArn=arn, Status="DISABLED", Name="two")
    (listed,) = [each for each in center.call("ListApplications")["Applications"] if each["ApplicationArn"] == arn]
    assert (listed["Name"], listed["Status"], listed["Description"]) == ("two", "DISABLED", "first")
    nowhere = {"ApplicationAccount": "999999999999"}
    assert center.call("ListApplications", Filter=nowhere)["Applications"] == []
    center.call("DeleteApplication", ApplicationArn=arn)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DescribeApplication", ApplicationArn=arn)


def test_a_client_token_makes_one_application(center: Center) -> None:
    first = center.application("token", ClientToken="once")
    assert center.application("token", ClientToken="once") == first
    with pytest.raises(ServiceError, match="ConflictException"):
        center.application("another", ClientToken="once")


def test_applications_of_other_providers_are_not_made(center: Center) -> None:
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("CreateApplication", ApplicationProviderArn=f"{PROVIDER}-other", Name="other")
    with pytest.raises(ServiceError, match=r"ValidationException: SAML 2\.0 applications are made by carnet sso"):
        center.call("CreateApplication", ApplicationProviderArn=f"{PROVIDER}-saml", Name="saml")
    provider, saml = center.call("ListApplicationProviders")["ApplicationProviders"]
    assert (provider["FederationProtocol"], saml["FederationProtocol"]) == ("OAUTH", "SAML")
    assert center.call("DescribeApplicationProvider", ApplicationProviderArn=PROVIDER) == provider


@pytest.mark.parametrize(
    "sign_in", [{"Origin": "APPLICATION"}, {"Origin": "IDENTITY_CENTER", "ApplicationUrl": "https://app.example"}]
)
def test_a_url_goes_with_its_origin(center: Center, sign_in: dict[str, str]) -> None:
    with pytest.raises(ServiceError, match="ValidationException: ApplicationUrl"):
        center.application("odd", PortalOptions={"SignInOptions": sign_in})


def test_people_and_groups_are_assigned(center: Center) -> None:
    arn, user = center.application("assigned"), center.user("app-user")
    group = center.group(user, name="app-group")
    for kind, principal in (("USER", user), ("GROUP", group)):
        given = {"ApplicationArn": arn, "PrincipalType": kind, "PrincipalId": principal}
        center.call("CreateApplicationAssignment", **given)
        assert center.call("DescribeApplicationAssignment", **given) == given
        with pytest.raises(ServiceError, match="ConflictException"):
            center.call("CreateApplicationAssignment", **given)
    assert len(center.call("ListApplicationAssignments", ApplicationArn=arn)["ApplicationAssignments"]) == 2
    asked = {"PrincipalId": user, "PrincipalType": "USER"}
    found = center.call("ListApplicationAssignmentsForPrincipal", **asked)["ApplicationAssignments"]
    assert {(each["ApplicationArn"], each["PrincipalId"]) for each in found} == {(arn, user), (arn, group)}
    other = {"ApplicationArn": center.application("unassigned")}
    assert center.call("ListApplicationAssignmentsForPrincipal", Filter=other, **asked)["ApplicationAssignments"] == []
    given = {"ApplicationArn": arn, "PrincipalType": "USER", "PrincipalId": user}
    center.call("DeleteApplicationAssignment", **given)
    for operation in ("DeleteApplicationAssignment", "DescribeApplicationAssignment"):
        with pytest.raises(ServiceError, match="ResourceNotFoundException"):
            center.call(operation, **given)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("CreateApplicationAssignment", **(given | {"PrincipalType": "GROUP"}))
    center.call("DeleteApplication", ApplicationArn=arn)
    assert center.call("ListApplicationAssignmentsForPrincipal", **asked)["ApplicationAssignments"] == []


def test_whether_an_assignment_is_required_and_sessions_go_on(center: Center, app: str) -> None:
    assert center.call("GetApplicationAssignmentConfiguration", ApplicationArn=app) == {"AssignmentRequired": True}
    center.call("PutApplicationAssignmentConfiguration", ApplicationArn=app, AssignmentRequired=False)
    assert center.call("GetApplicationAssignmentConfiguration", ApplicationArn=app) == {"AssignmentRequired": False}
    name = "UserBackgroundSessionApplicationStatus"
    assert center.call("GetApplicationSessionConfiguration", ApplicationArn=app) == {name: "DISABLED"}
    center.call("PutApplicationSessionConfiguration", ApplicationArn=app, **{name: "ENABLED"})
    assert center.call("GetApplicationSessionConfiguration", ApplicationArn=app) == {name: "ENABLED"}


@pytest.mark.parametrize(
    ("kind", "grant"),
    [
        ("authorization_code", {"AuthorizationCode": {"RedirectUris": ["https://app.example/cb"]}}),
        ("refresh_token", {"RefreshToken": {}}),
        ("urn:ietf:params:oauth:grant-type:token-exchange", {"TokenExchange": {}}),
    ],
)
def test_grants_are_put_told_of_and_deleted(center: Center, app: str, kind: str, grant: dict[str, Any]) -> None:
    named = {"ApplicationArn": app, "GrantType": kind}
    center.call("PutApplicationGrant", Grant=grant, **named)
    assert center.call("GetApplicationGrant", **named) == {"Grant": grant}
    listed = center.call("ListApplicationGrants", ApplicationArn=app)["Grants"]
    assert {"GrantType": kind, "Grant": grant} in listed
    center.call("DeleteApplicationGrant", **named)
    for operation in ("GetApplicationGrant", "DeleteApplicationGrant"):
        with pytest.raises(ServiceError, match="ResourceNotFoundException"):
            center.call(operation, **named)


@pytest.mark.parametrize(
    ("kind", "grant"),
    [
        ("authorization_code", {"RefreshToken": {}}),
        ("authorization_code", {"AuthorizationCode": {"RedirectUris": ["nowhere"]}}),
        ("authorization_code", {"AuthorizationCode": {"RedirectUris": ["https://app.example/#x"]}}),
        ("authorization_code", {"AuthorizationCode": {"RedirectUris": ["https://[app.example/cb"]}}),
        (JWT, {"JwtBearer": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuerArn": "arn:aws:sso::1:x/y/z"}]}}),
    ],
)
def test_grants_that_are_refused(center: Center, app: str, kind: str, grant: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match="ValidationException"):
        center.call("PutApplicationGrant", ApplicationArn=app, GrantType=kind, Grant=grant)


def test_the_authentication_method_is_a_policy(center: Center, app: str) -> None:
    named = {"ApplicationArn": app, "AuthenticationMethodType": "IAM"}
    method = {"Iam": {"ActorPolicy": POLICY}}
    center.call("PutApplicationAuthenticationMethod", AuthenticationMethod=method, **named)
    assert center.call("GetApplicationAuthenticationMethod", **named) == {"AuthenticationMethod": method}
    listed = center.call("ListApplicationAuthenticationMethods", ApplicationArn=app)["AuthenticationMethods"]
    assert listed == [{"AuthenticationMethodType": "IAM", "AuthenticationMethod": method}]
    long = json.loads(json.dumps(POLICY))
    long["Statement"][0]["Resource"] = "x" * 10_240
    for wrong in ({"Version": "2012-10-17"}, {"Statement": [{"Effect": "Allow"}]}, long):
        with pytest.raises(ServiceError, match="ValidationException"):
            center.call(
                "PutApplicationAuthenticationMethod", AuthenticationMethod={"Iam": {"ActorPolicy": wrong}}, **named
            )
    center.call("DeleteApplicationAuthenticationMethod", **named)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("GetApplicationAuthenticationMethod", **named)


def test_access_scopes(center: Center, app: str) -> None:
    named = {"ApplicationArn": app, "Scope": "sso:account:access"}
    targets = [center.instance.arn]
    center.call("PutApplicationAccessScope", AuthorizedTargets=targets, **named)
    center.call("PutApplicationAccessScope", ApplicationArn=app, Scope="openid")
    told = {"Scope": "sso:account:access", "AuthorizedTargets": targets}
    assert center.call("GetApplicationAccessScope", **named) == told
    assert center.call("ListApplicationAccessScopes", ApplicationArn=app)["Scopes"] == [{"Scope": "openid"}, told]
    center.call("DeleteApplicationAccessScope", **named)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("GetApplicationAccessScope", **named)


def test_trusted_token_issuers(own_center: Center) -> None:
    center = own_center
    arn = center.issuer("issuer", ClientToken="once")
    assert center.issuer("issuer", ClientToken="once") == arn
    with pytest.raises(ServiceError, match="ConflictException"):
        center.issuer("other")
    for name, url in (("other", "https://issuer.example"), ("issuer", "https://other.example")):
        with pytest.raises(ServiceError, match="ConflictException: The ClientToken was used for another trusted"):
            center.issuer(name, url, ClientToken="once")
    told = center.call("DescribeTrustedTokenIssuer", TrustedTokenIssuerArn=arn)
    configuration = told["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
    assert (told["Name"], configuration["ClaimAttributePath"]) == ("issuer", "email")
    change = {"OidcJwtConfiguration": {"ClaimAttributePath": "sub"}}
    center.call("UpdateTrustedTokenIssuer", TrustedTokenIssuerArn=arn, TrustedTokenIssuerConfiguration=change)
    told = center.call("DescribeTrustedTokenIssuer", TrustedTokenIssuerArn=arn)
    assert told["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"] == configuration | {
        "ClaimAttributePath": "sub"
    }
    app = center.application("takes")
    taken = {"JwtBearer": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuerArn": arn, "AuthorizedAudiences": ["a"]}]}}
    center.call("PutApplicationGrant", ApplicationArn=app, GrantType=JWT, Grant=taken)
    with pytest.raises(ServiceError, match="ConflictException"):
        center.call("DeleteTrustedTokenIssuer", TrustedTokenIssuerArn=arn)
    center.call("DeleteApplicationGrant", ApplicationArn=app, GrantType=JWT)
    center.call("DeleteTrustedTokenIssuer", TrustedTokenIssuerArn=arn)
    assert center.call("ListTrustedTokenIssuers")["TrustedTokenIssuers"] == []
    most = SsoQuotas().trusted_token_issuers
    for number in range(most):
        center.issuer(f"i{number}", f"https://i{number}.example")
    with pytest.raises(ServiceError, match="ServiceQuotaExceededException"):
        center.issuer("more", "https://more.example")


def test_other_accounts_reach_none(center: Center, app: str) -> None:
    member = center.estate.member()
    for operation, given in (
        ("DescribeApplication", {"ApplicationArn": app}),
        ("ListApplications", {}),
        ("CreateApplication", {"ApplicationProviderArn": PROVIDER, "Name": "theirs"}),
        ("ListTrustedTokenIssuers", {}),
        ("ListTagsForResource", {"ResourceArn": app}),
    ):
        with pytest.raises(ServiceError, match="AccessDeniedException: The account of the caller does not administer"):
            center.call_as(member, operation, **given)


def test_an_application_has_a_hundred_access_scopes_at_most(center: Center) -> None:
    arn = center.application("scoped")
    found = application_at(center.world.snapshot, arn)
    assert found is not None
    center.save(replace(found, scopes={f"app:s{number}": [] for number in range(99)}))
    center.call("PutApplicationAccessScope", ApplicationArn=arn, Scope="app:last")
    with pytest.raises(ServiceError, match="ValidationException: An application can have at most 100 access scopes"):
        center.call("PutApplicationAccessScope", ApplicationArn=arn, Scope="app:more")
    center.call("PutApplicationAccessScope", ApplicationArn=arn, Scope="app:last", AuthorizedTargets=[arn])
    assert len(center.call("ListApplicationAccessScopes", ApplicationArn=arn, MaxResults=100)["Scopes"]) <= 100


def test_an_actor_policy_has_10240_characters_at_most(center: Center, app: str) -> None:
    def put(size: int) -> None:
        policy = json.loads(json.dumps(POLICY))
        (statement,) = policy["Statement"]
        statement["Resource"] = "arn:aws:sso::111122223333:application/"
        statement["Resource"] += "k" * (size - len(json.dumps(policy)))
        given = {"AuthenticationMethodType": "IAM", "AuthenticationMethod": {"Iam": {"ActorPolicy": policy}}}
        center.call("PutApplicationAuthenticationMethod", ApplicationArn=app, **given)

    put(10_240)
    with pytest.raises(ServiceError, match="ValidationException: An ActorPolicy can have at most 10240 characters"):
        put(10_241)


def test_an_arn_names_what_is_there_with_each_of_its_parts(center: Center, app: str) -> None:
    issuer = center.issuer("named", "https://named.example")
    account, instance = center.world.account_id, center.instance.id
    for old, new in ((f"::{account}:", "::999999999999:"), ("/apl-", "/x/apl-"), (":application/", ":other/")):
        with pytest.raises(ServiceError, match=r"ResourceNotFoundException|ValidationException"):
            center.call("DescribeApplication", ApplicationArn=app.replace(old, new))
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        center.call("DescribeApplication", ApplicationArn=app.replace(instance, "ssoins-0123456789abcdef"))
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DeleteTrustedTokenIssuer", TrustedTokenIssuerArn=issuer.replace(account, "999999999999"))
    center.call("DeleteTrustedTokenIssuer", TrustedTokenIssuerArn=issuer)
