"""Condition keys that IAM's operations bring to the request.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from typing import Any

from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.operation import Call, Keys


def request_tags(call: Call, given: Any) -> Keys:
    """aws:RequestTag/... and aws:TagKeys of the tags to set; nothing where there are none."""
    tags = given.get("Tags")
    if not tags:
        return {}
    values = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    return values | {"aws:TagKeys": tuple(tag["Key"] for tag in tags)}


def removed_tag_keys(call: Call, given: Any) -> Keys:
    """aws:TagKeys of the tags to remove."""
    keys = given["TagKeys"]
    return {"aws:TagKeys": tuple(keys)} if keys else {}


def policy_arn(call: Call, given: Any) -> Keys:
    """iam:PolicyARN: the managed policy to attach or detach."""
    return {"iam:PolicyARN": given["PolicyArn"]}


def requested_boundary(call: Call, given: Any) -> Keys:
    """iam:PermissionsBoundary: the boundary to set."""
    boundary = given.get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": boundary} if boundary is not None else {}


def boundary_of_user(call: Call, given: Any) -> Keys:
    """iam:PermissionsBoundary: the boundary that the user to change has now."""
    user = call.view.of(User).named(given["UserName"])
    return _boundary(user.boundary if user is not None else None)


def boundary_of_role(call: Call, given: Any) -> Keys:
    """iam:PermissionsBoundary: the boundary that the role to change has now."""
    role = call.view.of(Role).named(given["RoleName"])
    return _boundary(role.boundary if role is not None else None)


def _boundary(arn: str | None) -> Keys:
    return {"iam:PermissionsBoundary": arn} if arn is not None else {}
