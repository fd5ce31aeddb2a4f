"""What the tests of STS say over and over: trust policies, roles, and the call itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.services.world import Caller, World

ALLOW_ALL: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}
ASSUME: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"},
}

EVERY_ACTION = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
"""What AssumeRole may need of a trust policy."""


def trusting(
    principal: str, *, actions: Sequence[str] = ("sts:AssumeRole",), condition: Mapping[str, Any] | None = None
) -> str:
    """A trust policy for one AWS principal."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions)}
    if condition is not None:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(
    world: World,
    name: str,
    trust: str | None = None,
    *,
    allows: Mapping[str, Any] | None = ALLOW_ALL,
    root: Caller | None = None,
    **given: Any,
) -> str:
    """A new role and its ARN. It trusts its own account in everything unless `trust` says otherwise."""
    owner = root or world.root
    account = world.principal(owner).principal.account
    document = trust or trusting(account, actions=EVERY_ACTION)
    made = world.call(owner, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document, **given)
    if allows is not None:
        world.call(owner, "PutRolePolicy", RoleName=name, PolicyName="own", PolicyDocument=json.dumps(allows))
    arn: str = made["Role"]["Arn"]
    return arn


def assume(world: World, caller: Caller, arn: str, *, name: str = "work", **given: Any) -> dict[str, Any]:
    """The answer of AssumeRole."""
    return world.call(caller, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName=name, **given)
