"""Every paginator that boto3 has for IAM Identity Center, over the wire, in an instance that has two of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader

from carnet.services.identity_center import enable_here
from tests.server.in_process import InProcessServer, in_process_server

PAGINATORS = create_loader().load_service_model("sso-admin", "paginators-1")["pagination"]
ONE_PAGE = {"ListApplicationAuthenticationMethods", "ListInstances"}
"""There is one of each."""
WITHOUT_SIZE = {"ListApplicationGrants", "ListTagsForResource"}
"""They are asked for without a limit."""
TAGS = [{"Key": key, "Value": "v"} for key in ("a", "b")]
POLICIES = [f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "PowerUserAccess")]
ACTOR = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("paginated")) as running:
        yield running


@pytest.fixture(scope="module")
def members(server: InProcessServer) -> dict[str, Any]:
    """What the members of the inputs name."""
    organizations, people, sso = (server.client(name) for name in ("organizations", "identitystore", "sso-admin"))
    management = organizations.create_organization()["Organization"]["MasterAccountId"]
    parts = server.installation
    enable_here(parts.operator_call(), account=management, region="us-east-1")
    parts.directory.catch_up()
    (instance,) = sso.list_instances()["Instances"]
    named = {"InstanceArn": instance["InstanceArn"]}
    store = {"IdentityStoreId": instance["IdentityStoreId"]}
    accounts = [_account(organizations, number) for number in (1, 2)]
    groups = [people.create_group(**store, DisplayName=f"g{number}")["GroupId"] for number in (1, 2)]
    sets = [
        sso.create_permission_set(**named, Name=f"p{number}")["PermissionSet"]["PermissionSetArn"] for number in (1, 2)
    ]
    target = {"TargetType": "AWS_ACCOUNT", "PrincipalType": "GROUP", **named}
    for account, permission_set, group in (
        (accounts[0], sets[0], groups[0]),
        (accounts[0], sets[0], groups[1]),
        (accounts[0], sets[1], groups[0]),
        (accounts[1], sets[0], groups[0]),
    ):
        one = {"TargetId": account, "PermissionSetArn": permission_set, "PrincipalId": group, **target}
        sso.create_account_assignment(**one)
    for _ in range(2):
        sso.delete_account_assignment(TargetId=accounts[1], PermissionSetArn=sets[1], PrincipalId=groups[1], **target)
    of_set = {"PermissionSetArn": sets[0], **named}
    for number, policy in enumerate(POLICIES):
        sso.attach_managed_policy_to_permission_set(**of_set, ManagedPolicyArn=policy)
        reference = {"Name": f"c{number}", "Path": "/"}
        sso.attach_customer_managed_policy_reference_to_permission_set(
            **of_set, CustomerManagedPolicyReference=reference
        )
        sso.provision_permission_set(**named, PermissionSetArn=sets[1], TargetType="ALL_PROVISIONED_ACCOUNTS")
    sso.tag_resource(ResourceArn=sets[0], Tags=TAGS)
    sso.add_region(**named, RegionName="eu-west-1")
    provider, _ = sso.list_application_providers()["ApplicationProviders"]
    made = {"ApplicationProviderArn": provider["ApplicationProviderArn"], **named}
    apps = [sso.create_application(**made, Name=f"a{number}")["ApplicationArn"] for number in (1, 2)]
    for app, group in ((apps[0], groups[0]), (apps[0], groups[1]), (apps[1], groups[0])):
        sso.create_application_assignment(ApplicationArn=app, PrincipalType="GROUP", PrincipalId=group)
    of_app = {"ApplicationArn": apps[0]}
    for scope in ("openid", "sso:account:access"):
        sso.put_application_access_scope(**of_app, Scope=scope)
    sso.put_application_grant(**of_app, GrantType="refresh_token", Grant={"RefreshToken": {}})
    method = {"Iam": {"ActorPolicy": ACTOR}}
    sso.put_application_authentication_method(**of_app, AuthenticationMethodType="IAM", AuthenticationMethod=method)
    for number in (1, 2):
        configuration = {
            "IssuerUrl": f"https://i{number}.example",
            "ClaimAttributePath": "email",
            "IdentityStoreAttributePath": "emails.value",
            "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
        }
        sso.create_trusted_token_issuer(
            **named,
            Name=f"i{number}",
            TrustedTokenIssuerType="OIDC_JWT",
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": configuration},
        )
    return {
        **of_set,
        **of_app,
        "AccountId": accounts[0],
        "PrincipalId": groups[0],
        "PrincipalType": "GROUP",
        "ResourceArn": sets[0],
    }


def _account(organizations: Any, number: int) -> str:
    asked = organizations.create_account(Email=f"a{number}@example.com", AccountName=f"a{number}")
    status = organizations.describe_create_account_status(CreateAccountRequestId=asked["CreateAccountStatus"]["Id"])[
        "CreateAccountStatus"
    ]
    return str(status["AccountId"])


@pytest.mark.parametrize("name", sorted(PAGINATORS))
def test_pages_of_one_are_together_what_one_call_lists(
    server: InProcessServer, members: dict[str, Any], name: str
) -> None:
    client = server.client("sso-admin")
    method = next(method for method, operation in client.meta.method_to_api_mapping.items() if operation == name)
    wanted = client.meta.service_model.operation_model(name).input_shape.members
    given = {member: value for member, value in members.items() if member in wanted}
    (key,) = client.get_paginator(method).result_keys
    size = {"PageSize": 1} if "limit_key" in PAGINATORS[name] else {}
    pages = list(client.get_paginator(method).paginate(**given, PaginationConfig=size))
    whole = getattr(client, method)(**given)
    assert [one for page in pages for one in page.get(key.expression, [])] == whole[key.expression]
    assert whole[key.expression]
    assert "NextToken" not in whole
    assert (len(pages) == 1) == (name in ONE_PAGE | WITHOUT_SIZE)


def test_errors_are_modelled(server: InProcessServer, members: dict[str, Any]) -> None:
    client = server.client("sso-admin")
    gone = members["PermissionSetArn"][:-16] + "0" * 16
    with pytest.raises(ClientError) as caught:
        client.describe_permission_set(InstanceArn=members["InstanceArn"], PermissionSetArn=gone)
    assert isinstance(caught.value, client.exceptions.ResourceNotFoundException)
    assert caught.value.response["Error"]["Message"] == f"Could not find PermissionSet with id ps-{'0' * 16}"
