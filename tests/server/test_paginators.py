"""Every paginator and every waiter that boto3 has for IAM and STS, over an account that has two of everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from botocore.loaders import create_loader

from tests.saml.idp import metadata
from tests.server.in_process import InProcessServer, in_process_server
from tests.services.iam.documents import allow, text, trust
from tests.services.iam.made_certificates import made
from tests.services.iam.phones import Phone
from tests.services.iam.test_ssh_public_keys import ssh

LATER = datetime.now(UTC) + timedelta(days=1)
ALLOWS = text(allow("s3:*"))
TAGS = [{"Key": key, "Value": "v"} for key in ("a", "b")]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "GetAccountAuthorizationDetails": {"Filter": ["User", "Role", "Group", "LocalManagedPolicy"]},
    "GetGroup": {"GroupName": "g1"},
    "ListAccessKeys": {"UserName": "u1"},
    "ListAttachedGroupPolicies": {"GroupName": "g1"},
    "ListAttachedRolePolicies": {"RoleName": "r1"},
    "ListAttachedUserPolicies": {"UserName": "u1"},
    "ListEntitiesForPolicy": {"PolicyArn": "arn:aws:iam::{account}:policy/p1"},
    "ListGroupPolicies": {"GroupName": "g1"},
    "ListGroupsForUser": {"UserName": "u1"},
    "ListInstanceProfileTags": {"InstanceProfileName": "i1"},
    "ListInstanceProfilesForRole": {"RoleName": "r1"},
    "ListMFADeviceTags": {"SerialNumber": "arn:aws:iam::{account}:mfa/m1"},
    "ListMFADevices": {"UserName": "u1"},
    "ListOpenIDConnectProviderTags": {"OpenIDConnectProviderArn": "arn:aws:iam::{account}:oidc-provider/example.com"},
    "ListPolicies": {"Scope": "Local"},
    "ListPolicyTags": {"PolicyArn": "arn:aws:iam::{account}:policy/p1"},
    "ListPolicyVersions": {"PolicyArn": "arn:aws:iam::{account}:policy/p1"},
    "ListRolePolicies": {"RoleName": "r1"},
    "ListRoleTags": {"RoleName": "r1"},
    "ListSAMLProviderTags": {"SAMLProviderArn": "arn:aws:iam::{account}:saml-provider/s1"},
    "ListSSHPublicKeys": {"UserName": "u1"},
    "ListServerCertificateTags": {"ServerCertificateName": "c1"},
    "ListSigningCertificates": {"UserName": "u1"},
    "ListUserPolicies": {"UserName": "u1"},
    "ListUserTags": {"UserName": "u1"},
    "SimulateCustomPolicy": {"PolicyInputList": [ALLOWS], "ActionNames": ["s3:GetObject", "s3:PutObject"]},
    "SimulatePrincipalPolicy": {
        "PolicySourceArn": "arn:aws:iam::{account}:user/u1",
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
    },
}
ONE_PAGE = {"ListAccountAliases"}
"""An account has one alias at most."""
WAITED_FOR: dict[str, dict[str, str]] = {
    "InstanceProfileExists": {"InstanceProfileName": "i1"},
    "PolicyExists": {"PolicyArn": "arn:aws:iam::{account}:policy/p1"},
    "RoleExists": {"RoleName": "r1"},
    "UserExists": {"UserName": "u1"},
}


def named_in(kind: str, member: str) -> list[tuple[str, str]]:
    """The paginators or waiters of both services in botocore's models: service and name."""
    loader = create_loader()
    services = [service for service in ("iam", "sts") if service in loader.list_available_services(kind)]
    return [(each, name) for each in services for name in sorted(loader.load_service_model(each, kind)[member])]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("paginated")) as running:
        fill(running)
        yield running


def fill(server: InProcessServer) -> None:
    iam, account = server.client("iam"), server.root.account
    iam.create_account_alias(AccountAlias="one-alias")
    for n in ("1", "2"):
        iam.create_user(UserName=f"u{n}", Tags=TAGS)
        iam.create_group(GroupName=f"g{n}")
        iam.create_role(RoleName=f"r{n}", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"), Tags=TAGS)
        iam.create_policy(PolicyName=f"p{n}", PolicyDocument=ALLOWS, Tags=TAGS)
        iam.create_instance_profile(InstanceProfileName=f"i{n}", Tags=TAGS)
        iam.add_role_to_instance_profile(InstanceProfileName=f"i{n}", RoleName="r1")
        leaf = made("server", last=LATER)
        iam.upload_server_certificate(
            ServerCertificateName=f"c{n}", CertificateBody=leaf.pem, PrivateKey=leaf.private(), Tags=TAGS
        )
    iam.create_policy_version(PolicyArn=f"arn:aws:iam::{account}:policy/p1", PolicyDocument=ALLOWS)
    iam.create_open_id_connect_provider(Url="https://example.com", ThumbprintList=["0" * 40], Tags=TAGS)
    iam.create_saml_provider(Name="s1", SAMLMetadataDocument=metadata(), Tags=TAGS)
    for n in ("1", "2"):
        _hold(server, iam, n)


def _hold(server: InProcessServer, iam: Any, n: str) -> None:
    """What the first user, group and role hold."""
    arn = f"arn:aws:iam::{server.root.account}:policy/p{n}"
    for kind, name in (("user", "u1"), ("group", "g1"), ("role", "r1")):
        holder = {f"{kind.capitalize()}Name": name}
        getattr(iam, f"attach_{kind}_policy")(**holder, PolicyArn=arn)
        getattr(iam, f"put_{kind}_policy")(**holder, PolicyName=f"own{n}", PolicyDocument=ALLOWS)
    iam.add_user_to_group(GroupName="g1", UserName=f"u{n}")
    if n == "2":
        iam.add_user_to_group(GroupName="g2", UserName="u1")
    iam.create_access_key(UserName="u1")
    iam.upload_ssh_public_key(UserName="u1", SSHPublicKeyBody=ssh((2048, 3072)[int(n) - 1]))
    iam.upload_signing_certificate(UserName="u1", CertificateBody=made("signing", last=LATER).pem)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"m{n}", Tags=TAGS)["VirtualMFADevice"]
    phone = Phone(clock=server.clock, serial=device["SerialNumber"], base32=device["Base32StringSeed"])
    iam.enable_mfa_device(UserName="u1", SerialNumber=phone.serial, **phone.pair())


def arguments(server: InProcessServer, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.format(account=server.root.account) if isinstance(value, str) else value
        for name, value in given.items()
    }


@pytest.mark.parametrize(("service", "name"), named_in("paginators-1", "pagination"))
def test_pages_of_one_are_together_what_one_call_lists(server: InProcessServer, service: str, name: str) -> None:
    client = server.client(service)
    method = next(method for method, operation in client.meta.method_to_api_mapping.items() if operation == name)
    given = arguments(server, ARGUMENTS.get(name, {}))
    paginator = client.get_paginator(method)
    keys = [key.expression for key in paginator.result_keys]
    pages = list(paginator.paginate(**given, PaginationConfig={"PageSize": 1}))
    whole = getattr(client, method)(**given)
    together = {key: [one for page in pages for one in page.get(key, [])] for key in keys}
    assert together == {key: whole[key] for key in keys}
    assert not whole["IsTruncated"]
    assert max(sum(len(page.get(key, [])) for key in keys) for page in pages) == 1
    assert (len(pages) == 1) == (name in ONE_PAGE)
    assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]


@pytest.mark.parametrize(("service", "name"), named_in("waiters-2", "waiters"))
def test_waiters_find_what_is_there_and_give_up_on_what_is_not(
    server: InProcessServer, service: str, name: str
) -> None:
    client = server.client(service)
    waiter = client.get_waiter(next(each for each in client.waiter_names if each.replace("_", "") == name.lower()))
    given, at_once = arguments(server, WAITED_FOR[name]), {"Delay": 0, "MaxAttempts": 2}
    waiter.wait(**given, WaiterConfig=at_once)
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        waiter.wait(**{key: f"{value}-missing" for key, value in given.items()}, WaiterConfig=at_once)
