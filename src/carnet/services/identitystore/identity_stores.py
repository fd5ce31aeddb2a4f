"""Identity stores themselves.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_IdentityStore.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Invalid
from carnet.directory.identity_center import visible_instances
from carnet.entities.identity_center_instance import Instance
from carnet.services.identitystore import targets
from carnet.services.identitystore.condition_keys import vpce_access_required
from carnet.services.identitystore.network import API_IPS, NO_VPCS, SCIM_IPS, check_networks, is_among
from carnet.services.identitystore.service import read, write
from carnet.services.identitystore.targets import StoreView, administrator, anywhere, primary_region
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page

_OWN_ADDRESS = "The network configuration would keep this request's own address out"


def _store_members(instance: Instance) -> dict[str, Any]:
    return {"IdentityStoreId": instance.identity_store, "IdentityStoreArn": instance.identity_store_arn}


@read("ListIdentityStores", on=account_wide)
def list_identity_stores(call: Call, given: Mapping[str, Any]) -> Answer:
    """The identity stores that the caller's account sees, by id."""
    seen = sorted(visible_instances(call.snapshot, call.account), key=lambda each: each.identity_store)
    found = page(call.paging, "ListIdentityStores", seen, given, key=lambda each: each.identity_store)
    return found.answer("IdentityStores", _store_members)


@read("DescribeIdentityStore", on=targets.identity_store(anywhere), context=(primary_region,))
def describe_identity_store(call: Call, given: Mapping[str, Any], store: StoreView) -> Answer:
    """An identity store, and the networks from which it may be called."""
    instance = store.instance
    configured = {"NetworkConfiguration": {"VpceAccessRequired": False, **instance.network}}
    return {**_store_members(instance), **(configured if instance.network else {})}


@write("UpdateIdentityStore", on=targets.identity_store(administrator), context=(vpce_access_required,))
def update_identity_store(call: WriteCall, given: Mapping[str, Any], store: StoreView) -> Answer:
    """Set the networks from which the store may be called. An address list that is not given allows every address."""
    instance = store.instance
    network = _addresses(given.get("NetworkConfiguration"))
    allowed = network.get(API_IPS)
    if allowed and not is_among(str(call.context.request.get("aws:SourceIp", "")), allowed):
        raise Invalid(_OWN_ADDRESS)
    if network != instance.network:
        call.store.save(replace(instance, network=network))
    return _store_members(instance)


def _addresses(configuration: Mapping[str, Any] | None) -> dict[str, list[str]]:
    if configuration is None:
        return {}
    if configuration["VpceAccessRequired"] or configuration.get("ApiRestrictSourceVpcs"):
        raise Invalid(NO_VPCS)
    network: dict[str, list[str]] = {}
    for setting, given in (
        (API_IPS, configuration.get("ApiAllowSourceIps")),
        (SCIM_IPS, configuration.get("ScimAllowSourceIps")),
    ):
        if given:
            check_networks(given)
            network[setting] = list(given)
    return network
