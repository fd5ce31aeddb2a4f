"""ListPoliciesGrantingServiceAccess.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.base.faults import Fault, Refused
from carnet.catalog.actions import outlines
from carnet.services.iam import report_sentences, report_targets
from carnet.services.iam.permissions_policies import PermissionsPolicy, Reported, permissions_policies
from carnet.services.iam.report_making import REPORT_POOL
from carnet.services.iam.service import iam
from carnet.services.iam.service_access import granting
from carnet.services.operation import Answer, Call
from carnet.services.paging import page
from carnet.services.preparing import Preparation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListPoliciesGrantingServiceAccessRequestTypeDef

Granting = list[tuple[str, list[PermissionsPolicy]]]


def _look(call: Call, given: Any) -> Granting:
    """The policies that grant access to each of the services, in the order in which the services were given."""
    target = report_targets.identity(call, given)
    namespaces = list(dict.fromkeys(given["ServiceNamespaces"]))
    if isinstance(target.found, Fault):
        return []
    if unknown := [namespace for namespace in namespaces if namespace not in outlines()]:
        raise Refused("InvalidInput", report_sentences.namespaces_invalid(unknown))
    policies = list(permissions_policies(call.view, target.found[0]))
    granted = [granting(each.policy, namespaces) for each in policies]
    return [
        (namespace, [each for each, services in zip(policies, granted, strict=True) if namespace in services])
        for namespace in namespaces
    ]


@iam.read(
    "ListPoliciesGrantingServiceAccess",
    on=report_targets.identity,
    prepare=Preparation(pool=REPORT_POOL, work=_look),
)
def list_policies_granting_service_access(
    call: Call, given: ListPoliciesGrantingServiceAccessRequestTypeDef, reported: Reported
) -> Answer:
    """The policies of a user (with its groups), a group or a role that grant access to each service."""
    ranked = [(f"{rank:04}", entry) for rank, entry in enumerate(call.prepared)]
    found = page(call.paging, "ListPoliciesGrantingServiceAccess", ranked, given, key=lambda each: each[0])
    return found.answer("PoliciesGrantingServiceAccess", lambda each: _entry(*each[1]))


def _entry(namespace: str, policies: list[PermissionsPolicy]) -> dict[str, object]:
    return {"ServiceNamespace": namespace, "Policies": [_policy(each) for each in policies]}


def _policy(policy: PermissionsPolicy) -> dict[str, object]:
    if policy.holder is None:
        return {"PolicyName": policy.name, "PolicyType": "MANAGED", "PolicyArn": policy.arn}
    return {
        "PolicyName": policy.name,
        "PolicyType": "INLINE",
        "EntityType": policy.holder.resource_type.upper(),
        "EntityName": policy.holder.name,
    }
