"""The networks from which an identity store may be called, as UpdateIdentityStore sets them.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_NetworkConfiguration.html
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from carnet.base.faults import Denied, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carnet.entities.identity_center_instance import Instance
    from carnet.services.operation import Call

API_IPS, SCIM_IPS = "ApiAllowSourceIps", "ScimAllowSourceIps"
NO_VPCS = "This server sees no VPCs: only addresses can be asked for."


def check_network(call: Call, instance: Instance) -> Denied | None:
    """The fault for a caller whose address may not use the API of the instance's identity store."""
    return (
        None
        if may_call(instance, API_IPS, str(call.context.request.get("aws:SourceIp", "")))
        else Denied(NOT_FROM_HERE)
    )


NOT_FROM_HERE = "The network configuration of the identity store does not allow requests from this address."


def may_call(instance: Instance, setting: str, address: str) -> bool:
    """Whether a request from an address may use an API of the identity store. `setting` names the allowed addresses of
    that API (API_IPS or SCIM_IPS); without it, every address may."""
    allowed = instance.network.get(setting, ())
    return not allowed or is_among(address, allowed)


def is_among(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these networks; a text that is no address is in none."""
    try:
        one = ip_address(address)
    except ValueError:
        return False
    return any(one in ip_network(each, strict=False) for each in networks)


def check_networks(networks: Iterable[str]) -> None:
    """Raise Invalid unless all texts are addresses or networks."""
    for each in networks:
        try:
            ip_network(each, strict=False)
        except ValueError as problem:
            raise Invalid(f"{each} is not a valid IP address or CIDR block") from problem
