"""Instances: account instances, and the settings of all instances.

`carnet sso enable` creates an organization's instance: AWS has no operation for it.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateInstance.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Denied, InUse, Invalid
from carnet.directory.identity_center import external_provider, request_signing, visible_instances
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.sso_application import SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.services.identity_center import new_instance
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.request_tags import request_tags
from carnet.services.scim_tokens import tokens_of
from carnet.services.sso_admin import sentences, targets
from carnet.services.sso_admin.callers import Held, held_by, whoever_sees_it
from carnet.services.sso_admin.regions import regions_of
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.settings import default_settings, keep
from carnet.services.sso_admin.tagging import tags_of
from carnet.services.sso_admin.targets import and_tags, own_region, primary_region
from carnet.services.target import Target

_ONE_AT_ONCE = ("EncryptionConfiguration", "PermissionSetsEnabled", "NetworkConfiguration")
_AWS_OWNED = {"KeyType": "AWS_OWNED_KMS_KEY", "EncryptionStatus": "ENABLED"}
_NOT_HELD = (IdentityStoreUser, IdentityStoreGroup, SsoApplication, TrustedTokenIssuer)
"""What an instance that is deleted must not hold."""


def _new(call: Call, given: Any) -> Target[()]:
    """The instance to create."""
    return Target(arn=f"arn:{call.partition}:sso:::instance/*", account=call.account, found=())


@sso_admin.write("CreateInstance", on=_new, also=(and_tags,), context=(request_tags, own_region))
def create_instance(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Create the account instance of a member or of a stand-alone account: one for each account."""
    organization = call.snapshot.organization_of(call.account)
    if organization is not None and organization.organization.management == call.account:
        raise Denied(
            "A management account has no account instance: the organization's is enabled by carnet sso enable."
        )
    made = new_instance(
        call.ids,
        call.view,
        organization=None,
        region=call.caller.region,
        name=given.get("Name"),
        tags=tags_of(call, call.view, given, "instance"),
        now=call.now,
    )
    call.store.add(made)
    return {"InstanceArn": made.arn}


@sso_admin.read("DescribeInstance", on=targets.instance_from(whoever_sees_it), context=(primary_region,))
def describe_instance(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """An instance."""
    return {
        **_instance_members(call, held.instance),
        "EncryptionConfigurationDetails": _AWS_OWNED,
        "PermissionSetsEnabled": held.instance.organization is not None,
    }


@sso_admin.read("ListInstances", on=account_wide)
def list_instances(call: Call, given: Mapping[str, Any]) -> Answer:
    """The instance of the organization, and that of the account."""
    here = call.caller.region
    visible = [
        each
        for each in visible_instances(call.snapshot, call.account)
        if given.get("RegionScope", "ALL_REGIONS") == "ALL_REGIONS" or here in _names(call, each)
    ]
    instances = sorted(visible, key=lambda each: each.id)
    found = page(call.paging, "ListInstances", instances, given, key=lambda each: each.id)
    return found.answer("Instances", lambda each: _instance_members(call, each))


@sso_admin.write("UpdateInstance", on=targets.instance, context=(primary_region,))
def update_instance(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Change the name, and at most one setting, of which only the value that this server has is accepted."""
    changes = [name for name in _ONE_AT_ONCE if name in given]
    if len(changes) > 1 or not (changes or "Name" in given):
        raise sentences.one_change_at_once()
    for change in changes:
        _check_kept(held, change, given[change])
    if "Name" in given:
        call.store.save(replace(held.instance, name=given["Name"]))
    return {}


def _check_kept(held: Held, change: str, wanted: Any) -> None:
    """Raise Invalid for a value of a setting that an instance does not have here."""
    match change:
        case "PermissionSetsEnabled":
            if not wanted or held.instance.organization is None:
                raise Invalid(sentences.PERMISSION_SETS_FIXED)
        case "NetworkConfiguration":
            raise Invalid(sentences.NO_NETWORKS)
        case _:
            if wanted != {"KeyType": _AWS_OWNED["KeyType"]}:
                raise Invalid(sentences.NO_CUSTOMER_KEYS)


@sso_admin.write("DeleteInstance", on=targets.instance, context=(primary_region,))
def delete_instance(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Remove an empty account instance, with its identity source, settings and SCIM tokens."""
    if held.instance.organization is not None:
        raise InUse("The instance of an organization cannot be deleted by this operation.")
    if any(len(held.view.of(kind)) for kind in _NOT_HELD):
        raise InUse("The instance holds users, groups, applications or trusted token issuers, which have to go first.")
    keep(call, held, default_settings(held))
    tokens = tokens_of(call.snapshot, held.instance)
    for gone in (external_provider(held.view), request_signing(held.view), *tokens):
        if gone is not None:
            call.store.remove(gone)
    call.store.remove(held.instance)
    return {}


def _instance_members(call: Call, instance: Instance) -> dict[str, Any]:
    told = {
        "InstanceArn": instance.arn,
        "IdentityStoreId": instance.identity_store,
        "IdentityStoreArn": instance.identity_store_arn,
        "OwnerAccountId": instance.account,
        "Name": instance.name,
        "CreatedDate": instance.created,
        "Status": instance.status,
        "PrimaryRegion": instance.region,
        "Regions": regions_of(held_by(call, instance)),
    }
    return {name: value for name, value in told.items() if value is not None}


def _names(call: Call, instance: Instance) -> set[object]:
    """The Regions of an instance, by name."""
    return {each["RegionName"] for each in regions_of(held_by(call, instance))}
