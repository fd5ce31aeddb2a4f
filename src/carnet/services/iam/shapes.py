"""IAM's entities as its operations answer them.

Lists leave out what AWS leaves out of them: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from carnet.base.fragment import Fragment
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.entity import Tags, tag_list
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.login_profile import LoginProfile
from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.password_policy import PasswordPolicy
from carnet.entities.role import Role
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.user import User
from carnet.policy.engine.recent import Recent
from carnet.saml.key_hash import key_hashes
from carnet.services.fragments import remembered
from carnet.services.iam.trust import shown_trust
from carnet.store.last_used import RoleUse

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreateRoleRequestTypeDef

Structure = dict[str, object]

ACTIVE, INACTIVE, EXPIRED = "Active", "Inactive", "Expired"
_ENCODED_CHARACTERS = 8_000_000
"""Of documents as they are answered, which are remembered: white space is not counted by quotas, and takes room."""
_WITHOUT_END = timedelta(days=36_525)
"""For how long AWS calls a SAML provider valid whose metadata does not say."""


_encoded: Recent[str, str] = Recent(_ENCODED_CHARACTERS, len)


def document(text: str) -> str:
    """A policy document as IAM answers it: percent-encoded, except for RFC 3986's unreserved characters."""
    return _encoded.get(text) or _encoded.put(text, quote(text, safe=""))


def created_user(entity: User) -> Structure:
    """As CreateUser answers it, once."""
    return _user(entity) | _boundary(entity.boundary) | own_tags(entity.tags)


user = remembered(created_user)
"""As GetUser answers it, again and again."""


def root_user(account: Account) -> Structure:
    """As GetUser answers an account's root user, which has no name and no path."""
    return {"UserId": account.id, "Arn": account.root_arn, "CreateDate": account.created}


@remembered
def listed_user(entity: User) -> Structure:
    """As ListUsers and GetGroup answer it."""
    return _user(entity)


def _user(entity: User) -> Structure:
    return {
        "Path": entity.path,
        "UserName": entity.name,
        "UserId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created,
    }


@remembered
def group(entity: Group) -> Structure:
    return {
        "Path": entity.path,
        "GroupName": entity.name,
        "GroupId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created,
    }


def role(snapshot: Snapshot, entity: Role) -> Structure:
    """As GetRole answers it, which adds `role_last_used`."""
    return listed_role(snapshot, entity) | _boundary(entity.boundary) | own_tags(entity.tags)


def created_role(entity: Role, given: CreateRoleRequestTypeDef) -> Structure:
    """As CreateRole answers it: only the settings in the request, without defaults, and the trust policy as it was
    written."""
    longest = given.get("MaxSessionDuration")
    shape = _short_role(entity, given["AssumeRolePolicyDocument"]) | _boundary(entity.boundary) | own_tags(entity.tags)
    shape |= _longest_sign_in(entity)
    return shape if longest is None else shape | {"MaxSessionDuration": longest}


def created_linked_role(entity: Role, trust: str) -> Structure:
    """As CreateServiceLinkedRole and AcquireRole answer it: without its description, and with the trust policy in AWS's
    form."""
    shape = _short_role(entity, trust)
    return {name: value for name, value in shape.items() if name != "Description"}


def short_role(snapshot: Snapshot, entity: Role) -> Fragment:
    """As UpdateRoleDescription, and the lists of instance profiles, answer it."""
    return _short_role(entity, shown_trust(snapshot, entity))


def listed_role(snapshot: Snapshot, entity: Role) -> Fragment:
    """As ListRoles answers it."""
    return _listed_role(entity, shown_trust(snapshot, entity))


@remembered
def _listed_role(entity: Role, trust: str) -> Structure:
    return _short_role(entity, trust) | {"MaxSessionDuration": entity.max_session_seconds} | _longest_sign_in(entity)


def _longest_sign_in(entity: Role) -> Structure:
    """The member MaxSigninSessionDuration, if it was set."""
    return {} if entity.max_signin_seconds is None else {"MaxSigninSessionDuration": entity.max_signin_seconds}


@remembered
def _short_role(entity: Role, trust: str) -> Structure:
    shape: Structure = {
        "Path": entity.path,
        "RoleName": entity.name,
        "RoleId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created,
        "AssumeRolePolicyDocument": document(trust),
    }
    return shape if entity.description is None else shape | {"Description": entity.description}


def role_last_used(use: RoleUse | None) -> Structure:
    """The member RoleLastUsed; empty for a role that was never used."""
    return {"RoleLastUsed": {} if use is None else {"LastUsedDate": use.when, "Region": use.region}}


def policy(view: AccountView, entity: ManagedPolicy) -> Structure:
    """As GetPolicy answers it; the counts are those of the account of `view`."""
    shape = created_policy(view, entity)
    return shape if entity.description is None else shape | {"Description": entity.description}


def created_policy(view: AccountView, entity: ManagedPolicy) -> Structure:
    """As CreatePolicy answers it, without its description."""
    return listed_policy(view, entity) | own_tags(entity.tags)


def listed_policy(view: AccountView, entity: ManagedPolicy) -> Fragment:
    """As ListPolicies answers it."""
    used = view.attachments(entity.arn)
    attached = len(used.users) + len(used.groups) + len(used.roles)
    return _listed_policy(entity, attached, len(used.boundary_users) + len(used.boundary_roles))


@remembered
def _listed_policy(entity: ManagedPolicy, attached: int, boundaries: int) -> Structure:
    return {
        "PolicyName": entity.name,
        "PolicyId": entity.id,
        "Arn": entity.arn,
        "Path": entity.path,
        "DefaultVersionId": f"v{entity.default_version}",
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": boundaries,
        "IsAttachable": entity.attachable,
        "CreateDate": entity.created,
        "UpdateDate": entity.updated,
    }


def policy_version(entity: ManagedPolicy, version: PolicyVersion) -> Structure:
    """As GetPolicyVersion and GetAccountAuthorizationDetails answer it."""
    return {"Document": document(version.document), **listed_policy_version(entity, version)}


def listed_policy_version(entity: ManagedPolicy, version: PolicyVersion) -> Structure:
    """As CreatePolicyVersion and ListPolicyVersions answer it."""
    return {
        "VersionId": version.name,
        "IsDefaultVersion": version.number == entity.default_version,
        "CreateDate": version.created,
    }


def instance_profile(snapshot: Snapshot, view: AccountView, entity: InstanceProfile) -> Structure:
    """As CreateInstanceProfile and GetInstanceProfile answer it."""
    return listed_instance_profile(snapshot, view, entity) | own_tags(entity.tags)


def listed_instance_profile(snapshot: Snapshot, view: AccountView, entity: InstanceProfile) -> Structure:
    """As ListInstanceProfiles and ListInstanceProfilesForRole answer it."""
    inside = view.of(Role).get(entity.role) if entity.role is not None else None
    return {
        "Path": entity.path,
        "InstanceProfileName": entity.name,
        "InstanceProfileId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created,
        "Roles": [short_role(snapshot, inside)] if inside is not None else [],
    }


def attached_policy(arn: str) -> Structure:
    """As the ListAttached... operations answer it; the ARN ends in the policy's name."""
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


def status(*, active: bool, expired: bool = False) -> str:
    """The Status of a credential."""
    if expired:
        return EXPIRED
    return ACTIVE if active else INACTIVE


def user_name(holder: User | Account) -> Structure:
    """The member UserName of a user's credential; a credential of the root user has none."""
    return {"UserName": holder.name} if isinstance(holder, User) else {}


def access_key(entity: AccessKey, holder: User | Account) -> Structure:
    """As ListAccessKeys answers it."""
    return {
        **user_name(holder),
        "AccessKeyId": entity.id,
        "Status": status(active=entity.active),
        "CreateDate": entity.created,
    }


def mfa_device(entity: MfaDevice, holder: User | Account) -> Structure:
    """As ListMFADevices and GetMFADevice answer it; one of the root user, whom the account stands for, has no name."""
    shape: Structure = {"SerialNumber": entity.serial, "EnableDate": entity.enabled}
    return {"UserName": holder.name, **shape} if isinstance(holder, User) else shape


def virtual_mfa_device(view: AccountView, entity: MfaDevice) -> Structure:
    """As ListVirtualMFADevices answers it, with the user that it is enabled for, and without its tags."""
    if entity.holder is None:
        return {"SerialNumber": entity.serial}
    user = view.of(User).get(entity.holder)
    holder = root_user(view.account) if user is None else listed_user(user)
    return {"SerialNumber": entity.serial, "User": holder, "EnableDate": entity.enabled}


ROOT_NAME = "root"
"""What a login profile calls the root user, who has no name."""


def holder_name(holder: User | Account) -> str:
    """The name that a password is stored under."""
    return holder.name if isinstance(holder, User) else ROOT_NAME


def login_profile(user: User | Account, profile: LoginProfile) -> Structure:
    """As CreateLoginProfile and GetLoginProfile answer it."""
    shape: Structure = {
        "UserName": holder_name(user),
        "CreateDate": profile.created,
        "PasswordResetRequired": profile.reset_required,
    }
    if profile.max_session_seconds is not None:
        shape["MaxSigninSessionDuration"] = profile.max_session_seconds
    return shape


def password_policy(policy: PasswordPolicy) -> Structure:
    """As GetAccountPasswordPolicy answers it."""
    shape: Structure = {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase,
        "RequireLowercaseCharacters": policy.require_lowercase,
        "AllowUsersToChangePassword": policy.allow_users_to_change,
        "ExpirePasswords": policy.max_age_days is not None,
        "HardExpiry": policy.hard_expiry,
    }
    if policy.max_age_days is not None:
        shape["MaxPasswordAge"] = policy.max_age_days
    if policy.reuse_prevention is not None:
        shape["PasswordReusePrevention"] = policy.reuse_prevention
    return shape


def created_saml_provider(entity: SamlProvider) -> Structure:
    """As CreateSAMLProvider answers it."""
    return {"SAMLProviderArn": entity.arn, **_sorted_tags(entity.tags)}


def saml_provider(entity: SamlProvider) -> Structure:
    """As GetSAMLProvider answers it."""
    return {
        "SAMLProviderUUID": entity.id,
        "SAMLMetadataDocument": entity.document,
        "AssertionEncryptionMode": entity.encryption.value,
        "PrivateKeyList": [{"KeyId": key.id, "Timestamp": key.created} for key in entity.private_keys],
        "SAMLKeyHashes": [
            {"IssuerURL": issuer, "KeyHashes": key_hashes(certificates)}
            for issuer, certificates in entity.certificates.items()
        ],
        **_saml_times(entity),
        **_sorted_tags(entity.tags),
    }


def listed_saml_provider(entity: SamlProvider) -> Structure:
    """As ListSAMLProviders answers it."""
    return {"Arn": entity.arn, **_saml_times(entity)}


def created_oidc_provider(entity: OidcProvider) -> Structure:
    """As CreateOpenIDConnectProvider answers it."""
    return {"OpenIDConnectProviderArn": entity.arn, **_sorted_tags(entity.tags)}


def oidc_provider(entity: OidcProvider) -> Structure:
    """As GetOpenIDConnectProvider answers it; AWS answers the URL without `https://`."""
    return {
        "Url": entity.name,
        "ClientIDList": list(entity.client_ids),
        "ThumbprintList": list(entity.thumbprints),
        "CreateDate": entity.created,
        **_sorted_tags(entity.tags),
    }


def _saml_times(entity: SamlProvider) -> Structure:
    return {"CreateDate": entity.created, "ValidUntil": entity.valid_until or entity.created + _WITHOUT_END}


def _sorted_tags(tags: Tags) -> Structure:
    """The tags, sorted by key, as identity providers answer them."""
    return own_tags(dict(sorted(tags.items())))


def _boundary(arn: str | None) -> Structure:
    if arn is None:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


def own_tags(tags: Tags) -> Structure:
    """The member Tags; an entity without tags does not have it."""
    return {"Tags": tag_list(tags)} if tags else {}
