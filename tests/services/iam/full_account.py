"""An account of which everything that IAM tells is filled, and what its operations answered."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from carnet.store.last_used import KeyUse, RoleUse
from tests.saml import idp
from tests.services.answered import filled
from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.made_certificates import made, rsa_key
from tests.services.iam.phones import make_phone
from tests.services.world import Caller, ServiceError, World

TAGS = [{"Key": "team", "Value": "red"}]
TWO_TAGS = [*TAGS, {"Key": "b", "Value": ""}]
PATH = "/a/"
TEMPLATE = "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1"
TEMPLATES = (
    TEMPLATE,
    "arn:aws:iam::aws:role-template/backup.amazonaws.com/AWSBackupDefaultServiceRoleTemplate:1",
    "arn:aws:iam::aws:role-template/secretsmanager.amazonaws.com/AWSSecretsManagerRotationRoleTemplate:1",
)


class FullAccount:
    """One or two of everything that IAM holds, and the members that each operation filled when it was asked of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.filled: dict[str, set[str]] = {}
        self.boundary = managed(world, "boundary")
        self._holders()
        self._of_users()
        self._providers()
        self._account()

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        answer = self.world.call(self.world.root, operation, **given)
        self.filled.setdefault(operation, set()).update(filled(answer))
        return answer

    def pages(self, operation: str, **given: Any) -> None:
        """Page by page, so that there are markers."""
        asked = given
        while (answer := self.call(operation, MaxItems=1, **asked)).get("Marker"):
            asked = {**given, "Marker": answer["Marker"]}

    def _holders(self) -> None:
        """Users, groups, roles and instance profiles, with policies of each kind."""
        limits = {"PermissionsBoundary": self.boundary, "Tags": TAGS}
        given = {"PolicyDocument": text(allow("s3:*", "iam:ListUsers")), "Description": "d", "Tags": TAGS, "Path": PATH}
        policy = self.policy = self.call("CreatePolicy", PolicyName="policy", **given)["Policy"]["Arn"]
        self.call("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=text(allow("s3:*")))
        document = {"PolicyName": "inline", "PolicyDocument": text(allow("s3:*"))}
        for name in ("one", "two"):
            self.call("CreateUser", UserName=name, Path=PATH, **limits)
            self.call("CreateGroup", GroupName=name, Path=PATH)
            self.call(
                "CreateRole",
                RoleName=name,
                Path=PATH,
                AssumeRolePolicyDocument=trust(f"arn:aws:iam::{self.world.account_id}:root"),
                Description="d",
                MaxSessionDuration=3600,
                MaxSigninSessionDuration=3600,
                **limits,
            )
            self.call("CreateInstanceProfile", InstanceProfileName=name, Path=PATH, Tags=TAGS)
            self.call("AddRoleToInstanceProfile", InstanceProfileName=name, RoleName="one")
            for kind in ("User", "Group", "Role"):
                for arn in (policy, self.boundary):
                    self.call(f"Attach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=arn)
                for inline in ("inline", "other"):
                    self.call(f"Put{kind}Policy", **{f"{kind}Name": name}, **{**document, "PolicyName": inline})
        for user, group in (("one", "one"), ("one", "two"), ("two", "one")):
            self.call("AddUserToGroup", UserName=user, GroupName=group)
        self._used()
        for kind in ("User", "Group", "Role"):
            named = {f"{kind}Name": "one"}
            self.call(f"Get{kind}", **named)
            self.call(f"Get{kind}Policy", **named, PolicyName="inline")
            self.pages(f"List{kind}Policies", **named)
            self.pages(f"ListAttached{kind}Policies", **named)
            self.pages(f"List{kind}s")
        tags = {"Tags": TWO_TAGS}
        for kind in ("User", "Role", "InstanceProfile"):
            self.call(f"Tag{kind}", **{f"{kind}Name": "one"}, **tags)
            self.pages(f"List{kind}Tags", **{f"{kind}Name": "one"})
        self.call("TagPolicy", PolicyArn=policy, **tags)
        self.pages("ListPolicyTags", PolicyArn=policy)
        self.pages("GetGroup", GroupName="one")
        self.pages("ListGroupsForUser", UserName="one")
        self.call("GetInstanceProfile", InstanceProfileName="one")
        self.pages("ListInstanceProfiles")
        self.pages("ListInstanceProfilesForRole", RoleName="one")
        self.call("GetPolicy", PolicyArn=policy)
        self.call("GetPolicyVersion", PolicyArn=policy, VersionId="v1")
        self.pages("ListPolicyVersions", PolicyArn=policy)
        self.pages("ListPolicies", Scope="Local")
        self.pages("ListEntitiesForPolicy", PolicyArn=policy)
        self.call("UpdateRole", RoleName="one", Description="other")
        self.call("UpdateRoleDescription", RoleName="one", Description="other")

    def _used(self) -> None:
        """The password of a user was used, and so was a role."""
        used = self.world.installation.last_used
        self.call("CreateLoginProfile", UserName="one", Password="Correct-horse-1", MaxSigninSessionDuration=3600)
        used.note_password(self.call("GetUser", UserName="one")["User"]["UserId"], self.world.clock())
        role = self.call("GetRole", RoleName="one")["Role"]["RoleId"]
        used.note_role(role, RoleUse(self.world.clock(), "eu-west-1"))

    def _of_users(self) -> None:
        """Keys, certificates, credentials and devices."""
        one = {"UserName": "one"}
        self.call("GetLoginProfile", **one)
        key = self.call("CreateAccessKey", **one)["AccessKey"]
        self.call("CreateAccessKey", **one)
        with pytest.raises(ServiceError, match="no permissions boundary allows"):
            self.world.call(Caller(key["AccessKeyId"], key["SecretAccessKey"]), "ListUsers")
        use = KeyUse(self.world.clock(), "iam", "eu-west-1")
        self.world.installation.last_used.note_key(key["AccessKeyId"], use)
        self.call("GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])
        self.pages("ListAccessKeys", **one)
        for given in (
            {"ServiceName": "bedrock.amazonaws.com", "CredentialAgeDays": 1},
            {"ServiceName": "codecommit.amazonaws.com"},
        ):
            new = self.call("CreateServiceSpecificCredential", **one, **given)["ServiceSpecificCredential"]
            chosen = {"ServiceSpecificCredentialId": new["ServiceSpecificCredentialId"]}
            self.call("ResetServiceSpecificCredential", **one, **chosen)
        self.pages("ListServiceSpecificCredentials", **one)
        for bits in (2048, 3072):
            ssh = rsa_key(bits).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
            key_id = self.call("UploadSSHPublicKey", **one, SSHPublicKeyBody=ssh)["SSHPublicKey"]["SSHPublicKeyId"]
            self.call("GetSSHPublicKey", **one, SSHPublicKeyId=key_id, Encoding="SSH")
        self.pages("ListSSHPublicKeys", **one)
        root = made("root")
        for name in ("first", "second"):
            leaf = made(name, root)
            self.call("UploadSigningCertificate", **one, CertificateBody=leaf.pem)
            body = {"CertificateBody": leaf.pem, "PrivateKey": leaf.private(), "CertificateChain": root.pem}
            self.call("UploadServerCertificate", ServerCertificateName=name, Path=PATH, **body, Tags=TWO_TAGS)
        self.call("GetServerCertificate", ServerCertificateName="first")
        self.pages("ListServerCertificateTags", ServerCertificateName="first")
        self.pages("ListSigningCertificates", **one)
        self.pages("ListServerCertificates")
        for name in ("first", "second"):
            phone = make_phone(self.world, name, Tags=TWO_TAGS)
            self.call("EnableMFADevice", **one, SerialNumber=phone.serial, **phone.pair())
            self.world.clock.advance(60)
            self.pages("ListMFADeviceTags", SerialNumber=phone.serial)
        self.call("CreateVirtualMFADevice", VirtualMFADeviceName="third", Tags=TAGS)
        self.pages("ListMFADevices", **one)
        self.pages("ListVirtualMFADevices")

    def _providers(self) -> None:
        """Identity providers that know an instance of IAM Identity Center."""
        arn = self.world.call(self.world.root, "CreateInstance", service="sso-admin", Name="own")["InstanceArn"]
        pem = rsa_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        saml = {"SAMLMetadataDocument": idp.metadata(), "AssertionEncryptionMode": "Allowed", "AddPrivateKey": pem}
        oidc = {"ClientIDList": ["app"], "ThumbprintList": ["0" * 40]}
        for name, subject in (("one", {"SubjectTypeSourceKey": "kind"}), ("two", {"SubjectTypeValue": "person"})):
            context = {
                "SubjectSourceKey": "sub",
                **subject,
                "KeyDefinitionList": [{"SourceKey": "m", "TargetKey": "n"}],
            }
            given = {"ContextProvider": context, "IdentityCenterInstanceArn": arn, "Tags": TWO_TAGS}
            url = f"https://{name}.example.com"
            made_saml = self.call("CreateSAMLProvider", Name=name, **saml, **given)["SAMLProviderArn"]
            made_oidc = self.call("CreateOpenIDConnectProvider", Url=url, **oidc, **given)["OpenIDConnectProviderArn"]
            self.call("UpdateSAMLProvider", SAMLProviderArn=made_saml, AssertionEncryptionMode="Required")
            for kind, provider in (("SAMLProvider", made_saml), ("OpenIDConnectProvider", made_oidc)):
                self.call(f"Get{kind}", **{f"{kind}Arn": provider})
                self.pages(f"List{kind}Tags", **{f"{kind}Arn": provider})
                self.call(f"List{kind}s")

    def _account(self) -> None:
        """What is told of the whole account, and roles that are made for a service or from a template."""
        self.call("CreateAccountAlias", AccountAlias="carnet-estate")
        self.call("ListAccountAliases")
        self.call("UpdateAccountPasswordPolicy", MaxPasswordAge=90, PasswordReusePrevention=3, HardExpiry=True)
        self.call("GetAccountPasswordPolicy")
        self.call("GetAccountSummary")
        values = {"ReplacementValues": {"AWSServiceName": {"Values": ["lambda.amazonaws.com"]}}}
        acquired = self.call("AcquireRole", TemplateArn=TEMPLATE, **values)["Role"]["RoleName"]
        self.call("GetRole", RoleName=acquired)
        self.call("PutAccountProperties", Properties={"RoleManager/Enabled": "false"})
        self.call("GetAccountProperties")
        self.call("EnableOutboundWebIdentityFederation")
        self.call("GetOutboundWebIdentityFederationInfo")
        for template in TEMPLATES:
            self.call("GetRoleTemplateVersion", TemplateArn=template)
        role = self.call("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com", Description="d")["Role"]
        self.pages("ListRoles")
        self.pages("GetAccountAuthorizationDetails")
        task = self.call("DeleteServiceLinkedRole", RoleName=role["RoleName"])["DeletionTaskId"]
        self.call("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
        self.call("GenerateCredentialReport")
        self.call("GetCredentialReport")
        user = f"arn:aws:iam::{self.world.account_id}:user/a/one"
        condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
        policy = text(allow("s3:GetObject", resource="arn:aws:s3:::*", condition=condition))
        self.call("GetContextKeysForCustomPolicy", PolicyInputList=[policy])
        self.call("GetContextKeysForPrincipalPolicy", PolicySourceArn=user, PolicyInputList=[policy])
        asked = {"ActionNames": ["s3:GetObject", "s3:PutObject"], "PermissionsBoundaryPolicyInputList": [policy]}
        there = {"ResourceArns": ["arn:aws:s3:::a/k", "arn:aws:s3:::b/k"]}
        statement = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}
        resource = {"ResourcePolicy": text({"Version": "2012-10-17", "Statement": [statement]}), "CallerArn": user}
        owned = {**resource, "ResourceOwner": "arn:aws:iam::444455556666:root"}
        freely = {"ActionNames": ["s3:GetObject"]}
        for given in (
            freely,
            asked,
            {**freely, **there},
            {**asked, **there},
            {**asked, "ResourceArns": there["ResourceArns"][:1], **owned},
        ):
            self.pages("SimulateCustomPolicy", PolicyInputList=[policy, text(allow("s3:*"))], **given)
            self.pages("SimulatePrincipalPolicy", PolicySourceArn=user, PolicyInputList=[policy], **given)
        self._jobs(user)
        self._delegations()

    def _jobs(self, user: str) -> None:
        """What was accessed last."""
        self.call("ListPoliciesGrantingServiceAccess", Arn=user, ServiceNamespaces=["s3"])
        for granularity in ("SERVICE_LEVEL", "ACTION_LEVEL"):
            job = self.call("GenerateServiceLastAccessedDetails", Arn=user, Granularity=granularity)["JobId"]
            self.pages("GetServiceLastAccessedDetails", JobId=job)
        job = self.call("GenerateServiceLastAccessedDetails", Arn=self.policy)["JobId"]
        self.pages("GetServiceLastAccessedDetailsWithEntities", JobId=job, ServiceNamespace="iam")

    def _delegations(self) -> None:
        """Requests of another account, which are accepted and then rejected."""
        partner = self.world.account()
        boundary = f"arn:aws:iam::{self.world.principal(partner).principal.account}:policy/limit"
        limited = allow("iam:CreateRole", condition={"StringEquals": {"iam:PermissionsBoundary": boundary}})
        limited["Statement"].append({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::@{bucket}"})
        template = self.world.call(partner, "CreatePolicy", PolicyName="template", PolicyDocument=text(limited))
        bucket = {"Name": "bucket", "Values": ["data"], "Type": "string"}
        given: dict[str, Any] = {
            "OwnerAccountId": self.world.account_id,
            "Description": "d",
            "Permissions": {"PolicyTemplateArn": template["Policy"]["Arn"], "Parameters": [bucket]},
            "RequestMessage": "m",
            "RedirectUrl": "https://example.com",
            "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:topic",
            "SessionDuration": 3600,
        }
        for number in "12":
            answer = self.world.call(partner, "CreateDelegationRequest", **given, RequestorWorkflowId=number)
            self.filled.setdefault("CreateDelegationRequest", set()).update(filled(answer))
            named = {"DelegationRequestId": answer["DelegationRequestId"]}
            self.call("AssociateDelegationRequest", **named)
            self.call("UpdateDelegationRequest", **named, Notes="n")
            self.call("AcceptDelegationRequest", **named)
            self.call("RejectDelegationRequest", **named, Notes="n")
            self.call("GetDelegationRequest", **named, DelegationPermissionCheck=True)
            arn = f"arn:aws:iam::{self.world.account_id}:delegation-request/{answer['DelegationRequestId']}"
            self.call("GetHumanReadableSummary", EntityArn=arn)
        self.pages("ListDelegationRequests")
