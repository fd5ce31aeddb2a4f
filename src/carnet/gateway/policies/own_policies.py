"""Requests about the policies and grants of resources. INVARIANT: no upstream gets or answers one.

An upstream that got a policy might apply it, and lock the gateway out, or return one that does not apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.models import Operation

_OPERATIONS: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset(("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy")),
    "ecr": frozenset(
        f"{act}{kind}Policy" for act in ("Delete", "Get", "Set", "Put") for kind in ("Registry", "Repository")
    ),
    "events": frozenset(("PutPermission", "RemovePermission")),
    "kinesis": frozenset(("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy")),
    "kms": frozenset(
        (
            "CreateGrant",
            "GetKeyPolicy",
            "ListGrants",
            "ListKeyPolicies",
            "ListRetirableGrants",
            "PutKeyPolicy",
            "RetireGrant",
            "RevokeGrant",
        )
    ),
    "lambda": frozenset(
        (
            "AddLayerVersionPermission",
            "AddPermission",
            "GetLayerVersionPolicy",
            "GetPolicy",
            "RemoveLayerVersionPermission",
            "RemovePermission",
        )
    ),
    "logs": frozenset(
        (
            "DeleteDeliveryDestinationPolicy",
            "DeleteResourcePolicy",
            "DescribeResourcePolicies",
            "GetDeliveryDestinationPolicy",
            "PutDeliveryDestinationPolicy",
            "PutDestinationPolicy",
            "PutResourcePolicy",
        )
    ),
    "secretsmanager": frozenset(
        ("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy", "ValidateResourcePolicy")
    ),
    "sns": frozenset(("AddPermission", "GetDataProtectionPolicy", "PutDataProtectionPolicy", "RemovePermission")),
    "sqs": frozenset(("AddPermission", "RemovePermission")),
    "ssm": frozenset(("DeleteResourcePolicy", "GetResourcePolicies", "PutResourcePolicy")),
}
_MEMBERS = frozenset(("Policy", "PolicyDocument", "ResourcePolicy", "accessPolicy", "policyText"))
"""Members that hold a policy of a resource that is made or changed; in maps of attributes, too."""
_ATTRIBUTE_NAME, _ATTRIBUTES = "AttributeName", "Attributes"


def about_policy(operation: Operation, given: Mapping[str, Any]) -> bool:
    """Whether a request sets a policy or a grant of a resource, or asks for one alone."""
    attributes = given.get(_ATTRIBUTES)
    return (
        operation.name in _OPERATIONS.get(operation.service.name, frozenset())
        or not _MEMBERS.isdisjoint(given)
        or given.get(_ATTRIBUTE_NAME) in _MEMBERS
        or (isinstance(attributes, Mapping) and not _MEMBERS.isdisjoint(attributes))
    )
