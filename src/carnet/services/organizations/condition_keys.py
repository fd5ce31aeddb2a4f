"""The condition keys of Organizations.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from __future__ import annotations

from typing import Any

from carnet.base.faults import Fault
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferDirection
from carnet.services.operation import Adds, Call
from carnet.services.target import Keys, Target

_KEY = "organizations:PolicyType"


def service_principal(call: Call, given: Any, target: object) -> Keys:
    """organizations:ServicePrincipal: the AWS service in the request; nothing if there is none."""
    service = given.get("ServicePrincipal")
    return {} if service is None else {"organizations:ServicePrincipal": service}


def transfer(direction: TransferDirection) -> Adds:
    """organizations:TransferType and organizations:TransferDirection of transfers of one direction."""

    def keys(call: Call, given: Any, target: object) -> Keys:
        return _of_transfer(direction)

    return keys


def transfer_seen(
    call: Call, given: Any, target: Target[OrganizationView, ResponsibilityTransfer, TransferDirection]
) -> Keys:
    """The same keys of the transfer that is acted on; none if it does not exist."""
    return {} if isinstance(target.found, Fault) else _of_transfer(target.found[2])


def _of_transfer(direction: TransferDirection) -> Keys:
    return {"organizations:TransferType": "BILLING", "organizations:TransferDirection": direction.value}


def policy_type(call: Call, given: Any, target: object) -> Keys:
    """organizations:PolicyType: the type of the policies that the request is about."""
    return {_KEY: given["PolicyType"]}


def type_created(call: Call, given: Any, target: object) -> Keys:
    """organizations:PolicyType of the policy to create."""
    return {_KEY: given["Type"]}


def type_listed(call: Call, given: Any, target: object) -> Keys:
    """organizations:PolicyType of the policies to list."""
    return {_KEY: given["Filter"]}


def type_of_policy(call: Call, given: Any, target: Target[OrganizationView, OrganizationPolicy]) -> Keys:
    """organizations:PolicyType of the policy that is acted on; none if it does not exist."""
    return {} if isinstance(target.found, Fault) else {_KEY: target.found[1].type}


def type_of_tagged(call: Call, given: Any, target: Target[Any]) -> Keys:
    """organizations:PolicyType of a tagged policy; organizations:Transfer... of a tagged transfer."""
    tagged = None if isinstance(target.found, Fault) else target.found[0]
    if isinstance(tagged, ResponsibilityTransfer):
        return _of_transfer(TransferDirection.INBOUND)
    return {_KEY: tagged.type} if isinstance(tagged, OrganizationPolicy) else {}
