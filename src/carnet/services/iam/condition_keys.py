"""Condition keys that IAM's operations add to the request context.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carnet.base.faults import Fault
from carnet.entities.iam_settings import ACCOUNT_PROPERTIES
from carnet.entities.role import Role
from carnet.entities.service_specific_credential import ServiceSpecificCredential
from carnet.entities.user import User
from carnet.services.operation import Call
from carnet.services.request_tags import request_tags
from carnet.services.target import Keys, Target


def policy_arn(call: Call, given: Any, target: object) -> Keys:
    """iam:PolicyARN: the managed policy to attach or detach."""
    return {"iam:PolicyARN": given["PolicyArn"]}


def aws_service_name(call: Call, given: Any, target: object) -> Keys:
    """iam:AWSServiceName: the service of the service-linked role to create."""
    return {"iam:AWSServiceName": given["AWSServiceName"]}


def organizations_policy_id(call: Call, given: Any, target: object) -> Keys:
    """iam:OrganizationsPolicyId: the service control policy that a report on an organization is about."""
    policy = given.get("OrganizationsPolicyId")
    return {"iam:OrganizationsPolicyId": policy} if policy is not None else {}


def requested_boundary(call: Call, given: Any, target: object) -> Keys:
    """iam:PermissionsBoundary: the boundary to set."""
    boundary = given.get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": boundary} if boundary is not None else {}


def requested(call: Call, given: Any, target: object) -> Keys:
    """The condition keys of a user or role to create: its tags and its permissions boundary."""
    boundary = requested_boundary(call, given, target)
    return {**boundary, **request_tags(call, given, target)} if "Tags" in given else boundary


def present_boundary(call: Call, given: Any, target: Target[User] | Target[Role]) -> Keys:
    """iam:PermissionsBoundary: the present boundary of the user or role to change."""
    if isinstance(target.found, Fault) or target.found[0].boundary is None:
        return {}
    return {"iam:PermissionsBoundary": target.found[0].boundary}


def new_credential(call: Call, given: Any, target: object) -> Keys:
    """The service of the service-specific credential to create, and the number of days until it expires."""
    service: Keys = {"iam:ServiceSpecificCredentialServiceName": given["ServiceName"]}
    days = given.get("CredentialAgeDays")
    return service if days is None else {**service, "iam:ServiceSpecificCredentialAgeDays": str(days)}


def credential_service(call: Call, given: Any, target: object) -> Keys:
    """iam:ServiceSpecificCredentialServiceName: the service of the credential to change, if it exists."""
    found = call.view.of(ServiceSpecificCredential).get(given["ServiceSpecificCredentialId"])
    return {} if found is None else {"iam:ServiceSpecificCredentialServiceName": found.service}


def property_namespaces(call: Call, given: Any, target: object) -> Keys:
    """iam:AccountPropertyNamespaces: the namespaces of the account properties to set."""
    return _namespaces(given["Properties"])


def held_namespaces(call: Call, given: Any, target: object) -> Keys:
    """iam:AccountPropertyNamespaces: the namespaces of all account properties, as one answer has them all."""
    return _namespaces(ACCOUNT_PROPERTIES)


def _namespaces(properties: Iterable[str]) -> Keys:
    found = sorted({name.partition("/")[0] for name in properties})
    return {"iam:AccountPropertyNamespaces": tuple(found)} if found else {}
