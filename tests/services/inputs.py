"""Inputs of every written operation, as far as they bear on authorization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from carnet import models
from carnet.entities.console_authorization import ConsoleAuthorization
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.entities.permission_statement import PermissionStatement
from carnet.identity.authenticate import Authenticate
from carnet.identity.caller import Caller
from carnet.services.operation import Operation
from carnet.services.registry import SERVICES
from carnet.services.signin.login import REGION, SAME_DEVICE
from tests.saml import idp
from tests.services.iam.documents import managed, trust
from tests.services.iam.made_certificates import made as made_certificate
from tests.services.identitystore.people import a_store
from tests.services.organizations.estate import an_estate, delegating
from tests.services.sso_admin.center import INLINE, PROVIDER, READ_ONLY, a_center
from tests.services.sso_oidc.people import Center, Signed
from tests.services.world import World

WRITTEN = [operation for service in SERVICES.values() for operation in service.operations.values()]

UUID = "00000000-0000-4000-8000-000000000000"
TAGS = [{"Key": "team", "Value": "red"}]
GIVEN: Mapping[str, Any] = {
    "GroupName": "the-group",
    "InstanceProfileName": "the-profile",
    "RoleName": "the-role",
    "UserName": "the-user",
    "NewGroupName": "renamed",
    "NewUserName": "renamed",
    "PolicyName": "managed",
    "VersionId": "v1",
    "PathPrefix": "/",
    "Tags": TAGS,
    "TagKeys": ["team"],
    "RoleSessionName": "session",
    "ExternalId": "external",
    "SourceIdentity": "alice",
    "TransitiveTagKeys": ["team"],
    "RegionName": "af-south-1",
    "AlternateContactType": "BILLING",
    "Name": "Ada",
    "Title": "Countess",
    "EmailAddress": "ada@example.com",
    "PhoneNumber": "+442079460000",
    "ContactInformation": {"FullName": "Ada"},
    "AccountName": "engines",
    "Key": "team",
    "JobId": UUID,
    "EntityPath": "o-a1b2c3d4e5/r-f6g7h8",
    "OrganizationsPolicyId": "p-a1b2c3d4",
    "ServiceNamespace": "s3",
    "ServiceNamespaces": ["s3"],
    "Url": "https://new.example.com",
    "ThumbprintList": ["0" * 40],
    "Audience": ["app"],
    "SigningAlgorithm": "ES384",
    "ClientID": "sts.amazonaws.com",
    "AWSServiceName": "ecs.amazonaws.com",
    "DeletionTaskId": f"task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/{UUID}",
    "VirtualMFADeviceName": "new-device",
    "AuthenticationCode1": "000000",
    "AuthenticationCode2": "000001",
    "ServerCertificateName": "the-certificate",
    "NewServerCertificateName": "renamed",
    "ServiceName": "bedrock.amazonaws.com",
    "CredentialAgeDays": 1,
    "Properties": {"RoleManager/Enabled": "false"},
    "TemplateArn": "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1",
    "TargetPrincipal": "444455556666",
    "RequestorWorkflowId": "workflow",
    "NotificationChannel": "arn:aws:sns:us-east-1:444455556666:topic",
    "SessionDuration": 3600,
    "OwnerId": "arn:aws:iam::444455556666:root",
    "TradeInToken": "token",
    "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
}
"""Values for whatever bears on authorization; `given` adds those that the world makes up."""


def given(world: World, operation: Operation) -> dict[str, Any]:
    """An input of every member that bears on authorization, naming what exists, with tags and a boundary.

    What it names is made once in each world. An organization changes what a world's account may do: `SharedWorlds` has
    another world for the operations on one.
    """
    shape = models.operation(operation.service, operation.name).input
    members = shape.members if shape is not None else {}
    made = {**GIVEN, **_things(world)}
    if operation.service == "iam":
        made["SerialNumber"] = _device(world)
    if "OpenIDConnectProviderArn" in members:
        made["OpenIDConnectProviderArn"] = _openid_connect_provider(world)
    if "SAMLProviderArn" in members or operation.name == "AssumeRoleWithSAML":
        made |= dict.fromkeys(("SAMLProviderArn", "PrincipalArn"), _saml_provider(world))
    if "Delegation" in operation.name or operation.name == "GetHumanReadableSummary":
        request = _delegation_request(world)
        made["DelegationRequestId"] = request
        made["EntityArn"] = f"arn:aws:iam::{world.account_id}:delegation-request/{request}"
    if operation.service == "resourcegroupstaggingapi":
        made |= {"Tags": {"team": "red"}} | ({"ResourceARNList": [made["PolicyArn"]]} if operation.writes else {})
    if operation.service == "account":
        _contacts(world)
    if operation.service == "identitystore":
        made |= _of_an_identity_store(world)
        made["AlternateIdentifier"] = _UNIQUE.get(operation.name, made["AlternateIdentifier"])
    if operation.service == "organizations" and operation.name != "CreateOrganization":
        made |= _of_an_organization(world)
        if "Handshakes" in operation.name:
            made["Filter"] = {"ActionType": "INVITE"}
    if operation.service == "sso-admin":
        made |= _of_an_instance(world)
        made["Filter"] = _filter(operation, made)
    if operation.name == "CreateTokenWithIAM":
        made |= {"clientId": _of_an_instance(world)["ApplicationArn"], "grantType": "refresh_token"}
    if operation.service == "signin":
        made |= {"sessionArn": _signed_in_session(world), **_of_sign_in_policies(world)}
        made |= {"grantType": "client_credentials", "resource": "aws-mcp.amazonaws.com", "token": "ASOR"}
    if operation.service == "sso":
        made |= {"accountId": _signed(world).center.account, "roleName": _ROLE}
    return {name: made[name] for name in members if name in made}


def who_calls(world: World, operation: Operation) -> Caller:
    """Who may call an operation with what `given` makes: root, or a person whose access token it takes."""
    if operation.authenticate is Authenticate.BEARER:
        return _signed(world).caller()
    return world.principal(world.root)


class SharedWorlds:
    """Worlds for tests that change nothing, or nothing that another of them looks at."""

    def __init__(self, new_world: Callable[[], World]) -> None:
        self._new_world = new_world
        self._worlds: dict[str, World] = {}

    def of(self, operation: Operation) -> World:
        """One for all operations but those on an organization, the one that makes it, and those of an instance."""
        kind = operation.name if operation.name == "CreateOrganization" else ""
        service = "sso-admin" if operation.name == "CreateTokenWithIAM" else operation.service
        kind = kind or (service if service in ("organizations", "sso-admin") else "account")
        if kind not in self._worlds:
            self._worlds[kind] = self._new_world()
        return self._worlds[kind]


_once = lru_cache(maxsize=16)
"""For what is made in a world: a module needs few of them."""


@_once
def _things(world: World) -> Mapping[str, Any]:
    """What most operations name."""
    arn = managed(world, Tags=TAGS)
    caller = world.user("caller")
    world.call(world.root, "CreateUser", UserName="the-user", Tags=TAGS, PermissionsBoundary=arn)
    world.call(world.root, "CreateGroup", GroupName="the-group")
    world.call(world.root, "CreateInstanceProfile", InstanceProfileName="the-profile", Tags=TAGS)
    trusting = trust(world.principal(caller).principal.arn)
    role = world.call(
        world.root,
        "CreateRole",
        RoleName="the-role",
        AssumeRolePolicyDocument=trusting,
        Tags=TAGS,
        PermissionsBoundary=arn,
    )["Role"]
    key = world.call(world.root, "CreateAccessKey", UserName="the-user")["AccessKey"]["AccessKeyId"]
    certificate = made_certificate("server")
    body = {"CertificateBody": certificate.pem, "PrivateKey": certificate.private()}
    world.call(world.root, "UploadServerCertificate", ServerCertificateName="the-certificate", Tags=TAGS, **body)
    credential = world.call(
        world.root, "CreateServiceSpecificCredential", UserName="the-user", ServiceName="bedrock.amazonaws.com"
    )["ServiceSpecificCredential"]
    return {
        "PolicyArn": arn,
        "PermissionsBoundary": arn,
        "Permissions": {"PolicyTemplateArn": arn},
        "RoleArn": role["Arn"],
        "Arn": role["Arn"],
        "AccessKeyId": key,
        "PolicySourceArn": f"arn:aws:iam::{world.account_id}:user/the-user",
        "ServiceSpecificCredentialId": credential["ServiceSpecificCredentialId"],
    }


@_once
def _device(world: World) -> str:
    device = world.call(world.root, "CreateVirtualMFADevice", VirtualMFADeviceName="the-device", Tags=TAGS)
    return str(device["VirtualMFADevice"]["SerialNumber"])


@_once
def _openid_connect_provider(world: World) -> str:
    made = world.call(world.root, "CreateOpenIDConnectProvider", Url="https://idp.example.com", Tags=TAGS)
    return str(made["OpenIDConnectProviderArn"])


@_once
def _saml_provider(world: World) -> str:
    made = world.call(
        world.root, "CreateSAMLProvider", Name="the-provider", SAMLMetadataDocument=idp.metadata(), Tags=TAGS
    )
    return str(made["SAMLProviderArn"])


@_once
def _delegation_request(world: World) -> str:
    asked = {name: GIVEN[name] for name in ("RequestorWorkflowId", "NotificationChannel", "SessionDuration")}
    asked |= {"Permissions": _things(world)["Permissions"], "Description": "", "OwnerAccountId": world.account_id}
    request = world.call(world.root, "CreateDelegationRequest", **asked)["DelegationRequestId"]
    world.call(world.root, "AssociateDelegationRequest", DelegationRequestId=request)
    return str(request)


@_once
def _signed_in_session(world: World) -> str:
    """The ARN of a session of `aws login` of the root user."""
    account, now = world.account_id, world.clock()
    session = OAuthSession(
        id=world.installation.ids.uuid(),
        account=account,
        kind=Grantor.PRINCIPAL,
        holder=account,
        client=SAME_DEVICE,
        client_name="aws login",
        grant="of the test",
        created=now,
        expires=now + timedelta(hours=1),
        rotated=now,
    )
    with world.installation.store.write() as unit:
        unit.add(session)
    world.installation.directory.catch_up()
    return f"arn:aws:signin:{REGION}:{account}:session/{session.id}"


@_once
def _of_sign_in_policies(world: World) -> Mapping[str, Any]:
    """A permission statement of an account in which console authorization is enabled, and what makes another one."""
    account, now = world.account_id, world.clock()
    with world.installation.store.write() as unit:
        unit.add(PermissionStatement(id="a" * 64, account=account, client_token="", created=now, source_ip="::1"))
        unit.add(ConsoleAuthorization(id=account, account=account, enabled=now))
    world.installation.directory.catch_up()
    return {"statementId": "a" * 64, "sourceIp": "203.0.113.0/24", "targetId": account}


@_once
def _contacts(world: World) -> None:
    details = {name: GIVEN[name] for name in ("AlternateContactType", "Name", "Title", "EmailAddress", "PhoneNumber")}
    world.call(world.root, "PutAlternateContact", service="account", **details)
    world.call(world.root, "PutContactInformation", service="account", ContactInformation=GIVEN["ContactInformation"])


@_once
def _of_an_identity_store(world: World) -> Mapping[str, Any]:
    store = a_store(world)
    user, group = store.user(), store.group()
    return {
        "IdentityStoreId": store.id,
        "UserId": user,
        "GroupId": group,
        "GroupIds": [group],
        "MemberId": {"UserId": user},
        "MembershipId": store.member(group, user),
        "AlternateIdentifier": {"ExternalId": {"Issuer": "nobody", "Id": "nobody"}},
        "NetworkConfiguration": {"VpceAccessRequired": False},
    }


_UNIQUE = {
    f"Get{kind}Id": {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
    for kind, path, value in (("User", "userName", "alice"), ("Group", "displayName", "Admins"))
}
"""What finds the user and the group that there are. Other operations are asked of somebody who is not there."""


@_once
def _of_an_organization(world: World) -> dict[str, object]:
    """Inputs that name what exists of an organization whose management account calls."""
    estate = an_estate(world)
    made = estate.call("CreateOrganizationalUnit", ParentId=estate.root, Name="unit", Tags=TAGS)
    unit = made["OrganizationalUnit"]["Id"]
    account = estate.account_of(estate.member(unit))
    invited = {"Type": "ACCOUNT", "Id": estate.account_of(world.account())}
    estate.call("PutResourcePolicy", Content=delegating(account, "organizations:ListRoots"), Tags=TAGS)
    for node in (estate.root, account):
        estate.tagged(node, {"team": "red"})
    document = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}'
    transfer = {"Type": "BILLING", "StartTimestamp": datetime(2026, 2, 1, tzinfo=UTC), "SourceName": "red"}
    source = world.account()
    estate.call_as(source, "CreateOrganization")
    asked = {"Target": {"Type": "ACCOUNT", "Id": estate.account_of(source)}, **transfer, "Tags": TAGS}
    estate.call("InviteOrganizationToTransferResponsibility", **asked)
    (transferred,) = estate.call("ListInboundResponsibilityTransfers", Type="BILLING")["ResponsibilityTransfers"]
    policy = {"Name": "policy", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": document}
    made = estate.call("CreatePolicy", **policy, Tags=TAGS)
    return {
        **policy,
        "PolicyId": made["Policy"]["PolicySummary"]["Id"],
        "TargetId": account,
        "Filter": "SERVICE_CONTROL_POLICY",
        "RootId": estate.root,
        "ParentId": unit,
        "OrganizationalUnitId": unit,
        "ChildId": unit,
        "AccountId": account,
        "SourceParentId": unit,
        "DestinationParentId": estate.root,
        "PolicyType": "TAG_POLICY",
        "ChildType": "ACCOUNT",
        "ResourceId": unit,
        "ServicePrincipal": "config.amazonaws.com",
        "Content": delegating(account, "organizations:ListRoots"),
        "Email": "engines@example.com",
        "Target": {"Type": "ACCOUNT", "Id": estate.account_of(world.account())},
        "StartTimestamp": transfer["StartTimestamp"],
        "SourceName": "blue",
        "Id": transferred["Id"],
        "HandshakeId": estate.call("InviteAccountToOrganization", Target=invited)["Handshake"]["Id"],
    }


@_once
def _of_an_instance(world: World) -> dict[str, object]:
    """Inputs that name what exists in an instance of IAM Identity Center, whose owner calls."""
    center = a_center(world)
    center.save(replace(center.instance, tags={"team": "red"}))
    member = center.estate.account_of(center.estate.member())
    permission_set = center.permission_set("the-set", Tags=TAGS)
    application = center.application("the-app", Tags=TAGS)
    issuer = center.issuer("the-issuer", Tags=TAGS)
    managed_here = {"CustomerManagedPolicyReference": {"Name": "managed"}}
    center.call("AttachManagedPolicyToPermissionSet", PermissionSetArn=permission_set, ManagedPolicyArn=READ_ONLY)
    boundary, person = {"ManagedPolicyArn": READ_ONLY}, center.user()
    center.call("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=permission_set, PermissionsBoundary=boundary)
    center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=permission_set, InlinePolicy=INLINE)
    center.assign(permission_set, member, person)
    group = center.group(person)
    center.assign(permission_set, member, group, "GROUP")
    center.unassign(permission_set, member, group, "GROUP")
    center.call("ProvisionPermissionSet", PermissionSetArn=permission_set, TargetType="ALL_PROVISIONED_ACCOUNTS")
    center.call("AttachCustomerManagedPolicyReferenceToPermissionSet", PermissionSetArn=permission_set, **managed_here)
    own = {"AWS": f"arn:aws:iam::{world.account_id}:root"}
    actors = {"Effect": "Allow", "Principal": own, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"}
    access = {
        "GrantType": "refresh_token",
        "Grant": {"RefreshToken": {}},
        "AuthenticationMethodType": "IAM",
        "AuthenticationMethod": {"Iam": {"ActorPolicy": {"Version": "2012-10-17", "Statement": [actors]}}},
        "Scope": "openid",
    }
    for put, members in (
        ("PutApplicationGrant", ("GrantType", "Grant")),
        ("PutApplicationAuthenticationMethod", ("AuthenticationMethodType", "AuthenticationMethod")),
        ("PutApplicationAccessScope", ("Scope",)),
    ):
        center.call(put, ApplicationArn=application, **{name: access[name] for name in members})
    assigned = {"PrincipalType": "USER", "PrincipalId": person}
    center.call("CreateApplicationAssignment", ApplicationArn=application, **assigned)
    return {
        **access,
        **assigned,
        "PermissionsBoundary": boundary,
        "InlinePolicy": INLINE,
        "InstanceArn": center.instance.arn,
        "PermissionSetArn": permission_set,
        "ResourceArn": permission_set,
        "ApplicationArn": application,
        "ApplicationProviderArn": PROVIDER,
        "TrustedTokenIssuerArn": issuer,
        "TargetId": member,
        "AccountId": member,
        "TargetType": "AWS_ACCOUNT",
        "Name": "new",
    }


def _filter(operation: Operation, made: Mapping[str, Any]) -> dict[str, Any]:
    """One of those that the operation has, by which something is found."""
    shape = models.operation(operation.service, operation.name).input
    wanted: Any = shape.members.get("Filter") if shape is not None else None
    members = getattr(wanted, "members", {})
    by = {"ApplicationProvider": PROVIDER, "Status": "SUCCEEDED", **made}
    return {name: by[name] for name in members if name in by}


_ROLE = "Reader"


@_once
def _signed(world: World) -> Signed:
    """A person with a permission set, who has signed in."""
    center = Center(world)
    person = center.person("ann")
    center.assign(center.permission_set(_ROLE), person)
    return Signed(center, person)
