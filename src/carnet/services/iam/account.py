"""Settings of an account: its alias, its summary.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.base.arns import ACCOUNT_ID
from carnet.base.faults import AlreadyExists, Invalid, Missing
from carnet.directory.account_view import AccountView
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.login_profile import LoginProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.role import Role
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.user import User
from carnet.services.iam import sentences
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.settings import settings_of
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateAccountAliasRequestTypeDef,
        DeleteAccountAliasRequestTypeDef,
        ListAccountAliasesRequestTypeDef,
    )

_POLICY_VERSIONS_IN_USE_QUOTA = 10_000


@iam.write("CreateAccountAlias", on=account_wide)
def create_account_alias(call: WriteCall, given: CreateAccountAliasRequestTypeDef) -> Answer:
    """Give the account an alias, which replaces the present one. No two accounts have the same alias."""
    alias = given["AccountAlias"]
    if ACCOUNT_ID.fullmatch(alias):
        raise Invalid(sentences.ALIAS_LIKE_ACCOUNT_ID)
    if alias == call.view.account.alias:
        raise AlreadyExists(sentences.account_alias_exists(alias))
    try:
        call.store.save(replace(call.view.account, alias=alias))
    except AlreadyExists as fault:
        raise AlreadyExists(sentences.account_alias_exists(alias)) from fault
    return {}


@iam.write("DeleteAccountAlias", on=account_wide)
def delete_account_alias(call: WriteCall, given: DeleteAccountAliasRequestTypeDef) -> Answer:
    """Remove the account's alias."""
    if given["AccountAlias"] != call.view.account.alias:
        raise Missing(sentences.account_alias_missing(given["AccountAlias"]))
    call.store.save(replace(call.view.account, alias=None))
    return {}


@iam.read("ListAccountAliases", on=account_wide)
def list_account_aliases(call: Call, given: ListAccountAliasesRequestTypeDef) -> Answer:
    """The account's alias, as a list of one or none."""
    alias = call.view.account.alias
    aliases = [alias] if alias is not None else []
    return page(call.paging, "ListAccountAliases", aliases, given, key=str).answer("AccountAliases", str)


@iam.read("GetAccountSummary", on=account_wide)
def get_account_summary(call: Call, given: Any) -> Answer:
    """The number of entities of each kind in the account, and their quotas."""
    return {"SummaryMap": {**_held(call), **_quotas(call)}}


def _held(call: Call) -> dict[str, int]:
    view = call.view
    root_certificates = view.of(SigningCertificate).referring("owner", view.account.id)
    return {
        "Users": len(view.of(User)),
        "Groups": len(view.of(Group)),
        "Roles": len(view.of(Role)),
        "Policies": len(view.of(ManagedPolicy)),
        "PolicyVersionsInUse": len(used_policies(view)),
        "InstanceProfiles": len(view.of(InstanceProfile)),
        "Providers": len(view.of(SamlProvider)) + len(view.of(OidcProvider)),
        "ServerCertificates": len(view.of(ServerCertificate)),
        "MFADevices": len(view.of(MfaDevice)),
        "MFADevicesInUse": sum(device.holder is not None for device in view.of(MfaDevice)),
        "AccountMFAEnabled": int(bool(view.mfa_devices_of(view.account.id))),
        "AccountAccessKeysPresent": int(bool(view.keys_of(view.account.id))),
        "AccountPasswordPresent": int(view.of(LoginProfile).get(view.account.id) is not None),
        "AccountSigningCertificatesPresent": int(bool(root_certificates)),
        "GlobalEndpointTokenVersion": settings_of(call).global_token_version,
    }


def used_policies(view: AccountView) -> set[str]:
    """The ARNs of the managed policies that are attached or set as a permissions boundary, those of AWS included."""
    attached = {arn for holder in (*view.of(User), *view.of(Group), *view.of(Role)) for arn in holder.attached}
    return attached | {one.boundary for one in (*view.of(User), *view.of(Role)) if one.boundary is not None}


def _quotas(call: Call) -> dict[str, int]:
    quotas: IamQuotas = call.quotas
    return {
        "UsersQuota": quotas.users,
        "GroupsQuota": quotas.groups,
        "RolesQuota": quotas.roles,
        "PoliciesQuota": quotas.policies,
        "InstanceProfilesQuota": quotas.instance_profiles,
        "ServerCertificatesQuota": quotas.server_certificates,
        "UserPolicySizeQuota": quotas.user_inline_size,
        "GroupPolicySizeQuota": quotas.group_inline_size,
        "RolePolicySizeQuota": quotas.role_inline_size,
        "PolicySizeQuota": quotas.managed_policy_size,
        "AssumeRolePolicySizeQuota": quotas.trust_policy_size,
        "GroupsPerUserQuota": quotas.groups_per_user,
        "AccessKeysPerUserQuota": quotas.access_keys_per_user,
        "SigningCertificatesPerUserQuota": quotas.signing_certificates_per_user,
        "AttachedPoliciesPerUserQuota": quotas.policies_per_user,
        "AttachedPoliciesPerGroupQuota": quotas.policies_per_group,
        "AttachedPoliciesPerRoleQuota": quotas.policies_per_role,
        "VersionsPerPolicyQuota": quotas.versions_per_policy,
        "PolicyVersionsInUseQuota": _POLICY_VERSIONS_IN_USE_QUOTA,
    }
