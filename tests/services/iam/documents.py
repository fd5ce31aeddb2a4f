"""Policy documents for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.services.world import World

Document = dict[str, Any]


def allow(*actions: str, resource: str | list[str] = "*", condition: Mapping[str, Any] | None = None) -> Document:
    return _policy("Allow", actions, resource, condition)


def deny(*actions: str, resource: str | list[str] = "*", condition: Mapping[str, Any] | None = None) -> Document:
    return _policy("Deny", actions, resource, condition)


def trust(*principals: str, condition: Mapping[str, Any] | None = None, also: tuple[str, ...] = ()) -> str:
    """The text of a trust policy that lets these ARNs assume the role, and do the further actions."""
    actions = ["sts:AssumeRole", *also]
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": actions if also else actions[0]}
    if condition is not None:
        statement["Condition"] = dict(condition)
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def text(document: Mapping[str, Any]) -> str:
    return json.dumps(document)


def managed(world: World, name: str = "managed", **given: Any) -> str:
    """The ARN of a new managed policy of the world's account."""
    made = world.call(world.root, "CreatePolicy", PolicyName=name, **{"PolicyDocument": text(allow("s3:*"))} | given)
    arn: str = made["Policy"]["Arn"]
    return arn


def _policy(
    effect: str, actions: tuple[str, ...], resource: str | list[str], condition: Mapping[str, Any] | None
) -> Document:
    statement: dict[str, Any] = {"Effect": effect, "Action": list(actions), "Resource": resource}
    if condition is not None:
        statement["Condition"] = dict(condition)
    return {"Version": "2012-10-17", "Statement": [statement]}
